import BLAS
import Features
import MessagePassing
import Tiling

/// The kernel of features on all ranks: one panel of columns of 10,000 points, which is in memory,
/// is added to the tiles. For comparison, products of BLAS (syrk of order 2,048) on all ranks.
enum FeatureBenchmark {
  private static let points = 10_000
  private static let tile = 1024
  private static let order = 2048

  static func run(on world: Communicator, only: String) throws {
    OpenBLAS.setThreads(1)
    if only.isEmpty || "f32".contains(only) {
      try run("f32", on: world) { (k, a, c: UnsafeMutablePointer<Float>) in
        ssyrk(.lower, n: order, k: k, a, lda: k, c, ldc: order)
      }
    }
    if only.isEmpty || "f64".contains(only) {
      try run("f64", on: world) { (k, a, c: UnsafeMutablePointer<Double>) in
        dsyrk(.lower, n: order, k: k, a, lda: k, c, ldc: order)
      }
    }
  }

  /// - Parameter syrk: the lower triangle of C = A A', with the columns of A, A and C given.
  private static func run<Scalar: PanelScalar>(
    _ precision: String, on world: Communicator,
    syrk: (Int, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
  ) throws {
    let k = PanelPlan.width
    let panel = UnsafeMutablePointer<Scalar>.allocate(capacity: points * k)
    defer { panel.deallocate() }
    for place in 0..<points * k { panel[place] = Scalar((place &* 40_503) % 2001 - 1000) / 1024 }
    let grid = try TileGrid.lowerTriangle(n: points, tile: tile)
    let own = grid.stretch(world.rank, of: world.size).map { grid.tile(at: $0) }
    let sums = own.map { tile in
      let shape = grid.validShape(of: tile)
      let values = UnsafeMutablePointer<Double>.allocate(capacity: shape.rows * shape.columns)
      values.initialize(repeating: 0, count: shape.rows * shape.columns)
      return values
    }
    defer { for values in sums { values.deallocate() } }
    let product = PanelProduct<Scalar>(entries: tile * tile)
    // Tiles side by side, as the program multiplies them.
    var strips: [[Int]] = []
    for (place, tile) in own.enumerated() {
      if let last = strips.last, last.count < Scalar.tilesAtOnce, !grid.isDiagonal(tile),
        own[place - 1].it == tile.it, own[place - 1].jt + 1 == tile.jt
      {
        strips[strips.count - 1].append(place)
      } else {
        strips.append([place])
      }
    }
    let adding = try world.leastSeconds(of: 5) {
      for strip in strips {
        let tile = own[strip[0]]
        let (rows, columns) = (grid.rows(of: tile), grid.columns(of: tile))
        let a = panel + rows.lowerBound * k
        if grid.isDiagonal(tile) {
          product.addSquare(a, n: rows.count, k: k, stride: k, weight: 1, to: sums[strip[0]])
        } else {
          product.add(
            a, m: rows.count, panel + columns.lowerBound * k, k: k, stride: k, weight: 1,
            to: strip.map { (grid.columns(of: own[$0]).count, sums[$0]) })
        }
      }
    }
    let square = UnsafeMutablePointer<Scalar>.allocate(capacity: order * order)
    defer { square.deallocate() }
    square.initialize(repeating: 0, count: order * order)
    let peak = try world.leastSeconds(of: 5) { syrk(k, panel, square) }
    guard world.rank == 0 else { return }
    let operations = Double(points * (points + 1)) * Double(k)
    let peakOperations = Double(world.size * order * (order + 1)) * Double(k)
    NTKBench.report([
      "case": "features", "precision": precision, "ranks": world.size, "points": points,
      "gflops": operations / adding / 1e9, "syrk_gflops": peakOperations / peak / 1e9,
      "fraction": operations / adding / (peakOperations / peak),
    ])
  }
}
