import KernelTiles
import MessagePassing
import RecursionCore
import TileSchedule

/// Convolutional kernels of a few random images from images to kernels over all ranks: the square
/// kernel of which the lower triangle is computed, and a rectangular block of as many entries.
///
/// What a rank needs of single images is part of the time, and computed by every rank for itself.
enum SquareBenchmark {
  private static let cases: [(name: String, layers: [LayerDescription], images: Int, tile: Int)] = [
    ("cnn-flatten-10-relu", Networks.convolutional("relu", depth: 10) + [Networks.flatten], 64, 16),
    ("cnn-gap-10", Networks.convolutional("relu", depth: 10) + [Networks.globalPool], 8, 1),
    ("myrtle-10", Networks.myrtle([3, 3, 3]), 8, 1),
  ]

  private static let repetitions = 16

  static func run(on world: Communicator, only: String) throws {
    for precision in Precision.allCases {
      for one in cases where only.isEmpty || "\(one.name)-\(precision)".contains(only) {
        let program = Program([try Network(one.layers + [Networks.dense], imageShape: [32, 32, 3])])
        // As many copies as repetitions, so that nothing of an image is known before.
        let images = [[Double]](
          repeating: BlockBenchmark.standardNormal(2 * one.images * 3072), count: repetitions
        ).flatMap { $0 }
        for isSquare in [true, false] {
          let n = one.images
          let grid =
            isSquare
            ? try TileGrid.lowerTriangle(n: n, tile: one.tile)
            : try TileGrid.rectangle(m: n, n: n, tileRows: one.tile, tileColumns: one.tile)
          let seconds = try measure(grid, program, precision, images, world)
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
    _ world: Communicator
  ) throws -> Double {
    let most = grid.tileRows * grid.tileColumns
    let values = UnsafeMutablePointer<Double>.allocate(capacity: 2 * most)
    defer { values.deallocate() }
    let output = KernelOutput(nngp: values, ntk: values + most, stride: grid.tileColumns)
    let kernels = TileKernels(program, precision: precision)
    return try images.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return .nan }
      let copies = Images(base: base, count: images.count / 3072, shape: [32, 32, 3])
      let each = copies.count / repetitions
      var copy = 0
      return try NTKBench.best(of: repetitions) {
        let all = copies.slice(copy % repetitions * each..<(copy % repetitions + 1) * each)
        let columns = grid.isLowerTriangle ? all : all.slice(grid.m..<grid.m + grid.n)
        copy += 1
        try world.barrier()
        for index in grid.stretch(world.rank, of: world.size) {
          let tile = grid.tile(at: index)
          let isDiagonal = grid.isLowerTriangle && tile.it == tile.jt
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
