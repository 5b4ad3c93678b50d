import KernelTiles
import MessagePassing
import RecursionCore

/// A rectangular block of 2,000 x 2,000 random images with 3,072 features, from images to kernels,
/// including K0's matrix product. Its tiles are distributed to all ranks.
enum BlockBenchmark {
  private static let n = 2000
  private static let features = 3072
  private static let tile = 500

  static func run(on world: Communicator) throws {
    let images = standardNormal(2 * n * features)
    for (activation, depth) in [("relu", 3), ("relu", 30), ("erf", 30)] {
      for precision in Precision.allCases {
        let seconds = try measure(activation, depth, precision, images, world)
        guard world.rank == 0 else { continue }
        NTKBench.report([
          "case": "block-fcn-\(depth)-\(activation)", "precision": precision.rawValue,
          "block": "\(n) x \(n)", "ranks": world.size, "seconds": seconds,
          "us_per_entry": seconds / Double(n * n) * 1e6,
        ])
      }
    }
  }

  private static func measure(
    _ activation: String, _ depth: Int, _ precision: Precision, _ images: [Double],
    _ world: Communicator
  ) throws -> Double {
    let network = try Networks.fullyConnected(activation, depth: depth, features: features)
    let kernels = TileKernels(Program([network]), precision: precision)
    let values = UnsafeMutablePointer<Double>.allocate(capacity: 2 * tile * tile)
    defer { values.deallocate() }
    let output = KernelOutput(nngp: values, ntk: values + tile * tile, stride: tile)
    let count = n / tile
    return try images.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return .nan }
      let rows = Images(base: base, count: n, shape: [features])
      let columns = Images(base: base + n * features, count: n, shape: [features])
      return try NTKBench.best(of: 4) {
        try world.barrier()
        for index in stride(from: world.rank, to: count * count, by: world.size) {
          let (i, j) = (index / count * tile, index % count * tile)
          _ = try kernels.compute(
            .init(
              rows: rows.slice(i..<i + tile), columns: columns.slice(j..<j + tile),
              isDiagonal: false),
            outputs: [output])
        }
        try world.barrier()
      }
    }
  }

  /// Sums of twelve uniform numbers: nearly normal, and the same everywhere.
  static func standardNormal(_ count: Int) -> [Double] {
    var state: UInt64 = 1
    return (0..<count).map { _ in
      var sum = -6.0
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        sum += Double(state >> 11) / Double(1 << 53)
      }
      return sum
    }
  }
}
