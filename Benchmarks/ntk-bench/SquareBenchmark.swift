import KernelTiles
import MessagePassing
import RecursionCore
import TileSchedule
import Tiling

/// Kernels of a few random images, from images to kernels, on all ranks: a square kernel, of which
/// the lower triangle is computed, and a rectangular block with as many entries.
///
/// Every rank computes for itself what it needs from single images. This is part of the time.
enum SquareBenchmark {
  private struct Case {
    let name: String
    let layers: [LayerDescription]
    var size = 32
    let images: Int
    let tile: Int
    /// They take some seconds, because a virtual machine's speed varies, and as long as the peer's.
    let repetitions: Int

    var shape: [Int] { [size, size, 3] }
    var features: Int { 3 * size * size }
  }

  private static let cases = [
    Case(
      name: "cnn-flatten-10-relu",
      layers: Networks.convolutional("relu", depth: 10) + [Networks.flatten], images: 64, tile: 16,
      repetitions: 400),
    Case(
      name: "cnn-gap-10", layers: Networks.convolutional("relu", depth: 10) + [Networks.globalPool],
      images: 8, tile: 1, repetitions: 24),
    Case(
      name: "myrtle-10", layers: Networks.myrtle([3, 3, 3]), images: 8, tile: 1, repetitions: 48),
    Case(
      name: "fcn-3-tanh",
      layers: [Networks.flatten]
        + (0..<3).flatMap { _ in [Networks.dense, LayerDescription("tanh")] }, images: 512,
      tile: 256, repetitions: 100),
    Case(
      name: "resnet-20", layers: Networks.resNet20 + [Networks.globalPool], size: 16, images: 8,
      tile: 1, repetitions: 48),
    Case(
      name: "attention-64",
      layers: Networks.convolutional(depth: 1) + Networks.attention(depth: 4)
        + [Networks.globalPool], size: 8, images: 32, tile: 8, repetitions: 200),
  ]

  /// Sets of images, used in turn. There are more of them than the edges that are kept, so nothing
  /// is known about an image when its turn comes.
  private static let copyCount = 16

  static func run(on world: Communicator, only: String) throws {
    for precision in Precision.allCases {
      for one in cases where only.isEmpty || "\(one.name)-\(precision)".contains(only) {
        let program = Program([try Network(one.layers + [Networks.dense], imageShape: one.shape)])
        let images = [[Double]](
          repeating: BlockBenchmark.standardNormal(2 * one.images * one.features),
          count: copyCount
        ).flatMap { $0 }
        for isSquare in [true, false] {
          let n = one.images
          let grid =
            isSquare
            ? try TileGrid.lowerTriangle(n: n, tile: one.tile)
            : try TileGrid.rectangle(m: n, n: n, tileRows: one.tile, tileColumns: one.tile)
          let seconds = try measure(
            grid, program, precision, images, one, world)
          guard world.rank == 0 else { continue }
          NTKBench.report([
            "case": one.name, "precision": precision.rawValue,
            "block": isSquare ? "square \(n)" : "\(n) x \(n)", "ranks": world.size,
            "seconds": seconds, "us_per_entry": seconds / Double(n * n) * 1e6,
          ])
        }
      }
    }
  }

  private static func measure(
    _ grid: TileGrid, _ program: Program, _ precision: Precision, _ images: [Double],
    _ one: Case, _ world: Communicator
  ) throws -> Double {
    let most = grid.tileRows * grid.tileColumns
    let values = UnsafeMutablePointer<Double>.allocate(capacity: 2 * most)
    defer { values.deallocate() }
    let output = KernelOutput(nngp: values, ntk: values + most, stride: grid.tileColumns)
    let kernels = TileKernels(program, precision: precision)
    return try images.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return .nan }
      let copies = Images(base: base, count: images.count / one.features, shape: one.shape)
      let each = copies.count / copyCount
      var copy = 0
      return try NTKBench.best(of: one.repetitions) {
        let all = copies.slice(copy * each..<(copy + 1) * each)
        let columns = grid.isLowerTriangle ? all : all.slice(grid.m..<grid.m + grid.n)
        copy = (copy + 1) % copyCount
        try world.barrier()
        for index in grid.stretch(world.rank, of: world.size) {
          let tile = grid.tile(at: index)
          let isDiagonal = grid.isDiagonal(tile)
          _ = try kernels.compute(
            .init(
              rows: all.slice(grid.rows(of: tile)), columns: columns.slice(grid.columns(of: tile)),
              isDiagonal: isDiagonal),
            outputs: [output])
        }
        try world.barrier()
      }
    }
  }
}
