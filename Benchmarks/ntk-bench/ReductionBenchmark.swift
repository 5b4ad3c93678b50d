import BLAS
import BlockCyclic
import DistributedAlgebra
import MessagePassing

/// The reduction of a symmetric matrix of order 6,000 to a band on all ranks, and its steps for the
/// first panel: A V, A - V X' - X V', and both in one pass. For comparison, products of BLAS (gemm
/// of order 2,048) on all ranks at once.
enum ReductionBenchmark {
  private static let order = 6_000
  private static let block = 64
  private static let gemmOrder = 2_048

  static func run(on world: Communicator, only: String) throws {
    OpenBLAS.setThreads(1)
    if only.isEmpty || "f64".contains(only) { try run(Double.self, "f64", on: world) }
    if only.isEmpty || "f32".contains(only) { try run(Float.self, "f32", on: world) }
  }

  private static func run<Scalar: MatrixScalar>(
    _: Scalar.Type, _ precision: String, on world: Communicator
  ) throws {
    let context = try BLACSContext(on: world)
    let layout = try MatrixLayout(order: order, nb: block, grid: context.grid)
    func matrix() throws -> DistributedMatrix<Scalar> {
      let matrix = try DistributedMatrix<Scalar>(uninitialized: layout, on: context)
      for (index, _) in matrix.elements.enumerated() {
        matrix.elements[index] = Scalar((index &* 40_507) % 2_001 - 1_000) / 1_024
      }
      return matrix
    }
    let gemm = try gemmSeconds(Scalar.self, on: world)
    let peak = 2 * Double(gemmOrder) * Double(gemmOrder * gemmOrder) * Double(world.size) / gemm

    func report(_ part: String, operations: Double, seconds: Double) {
      guard world.rank == 0 else { return }
      NTKBench.report([
        "case": part, "precision": precision, "ranks": world.size, "order": order,
        "gflops": operations / seconds / 1e9, "gemm_gflops": peak / 1e9,
        "fraction": operations / seconds / peak,
      ])
    }
    let n = Double(order)
    do {
      let first = try matrix()
      let panel = try PanelReplicas(for: first)
      panel.begin(panel: 0, count: block)
      let pass = try TrianglePass(for: first)
      // Any numbers will do, except zeros and uninitialized memory, which may change the speed.
      panel.byRow.update(repeating: 1e-3, count: block * panel.rows.count)
      try panel.shareVectors()
      let operations = 2 * n * n * Double(block)
      let product = try world.leastSeconds(of: 5) { pass.multiply(first, by: panel) }
      report("reduction-product", operations: operations, seconds: product)
      panel.sharedUpdates.update(repeating: 1e-6, count: block * panel.share.count)
      try panel.shareUpdates()
      let update = try world.leastSeconds(of: 5) { pass.update(first, by: panel) }
      report("reduction-update", operations: operations, seconds: update)
      let next = try PanelReplicas(for: first)
      next.begin(panel: 0, count: block)
      next.byRow.update(repeating: 1e-3, count: block * panel.rows.count)
      try next.shareVectors()
      let both = try world.leastSeconds(of: 5) { pass.multiply(first, by: next, updatedBy: panel) }
      report("reduction-pass", operations: 2 * operations, seconds: both)
    }
    var least = Double.infinity
    for _ in 0..<2 {
      var reduction = try BandReduction(of: try matrix())
      least = min(
        least,
        try world.leastSeconds(of: 1) {
          while !reduction.isFinished { try reduction.reducePanel() }
        })
    }
    report("reduction", operations: 4 / 3 * n * n * n, seconds: least)
  }

  private static func gemmSeconds<Scalar: MatrixScalar>(
    _: Scalar.Type, on world: Communicator
  ) throws -> Double {
    let count = gemmOrder * gemmOrder
    let numbers = UnsafeMutablePointer<Scalar>.allocate(capacity: 2 * count)
    defer { numbers.deallocate() }
    numbers.initialize(repeating: 1e-3, count: 2 * count)
    return try world.leastSeconds(of: 5) {
      Scalar.multiply(
        .none, .none, m: gemmOrder, n: gemmOrder, k: gemmOrder, alpha: 1, numbers, lda: gemmOrder,
        numbers, ldb: gemmOrder, beta: 0, numbers + count, ldc: gemmOrder)
    }
  }
}

extension Communicator {
  /// The shortest time, over some runs, until all ranks are done. Collective.
  func leastSeconds(of runs: Int, _ body: () throws -> Void) throws -> Double {
    var least = Double.infinity
    for _ in 0..<runs {
      try barrier()
      let start = MPIEnvironment.seconds
      try body()
      try barrier()
      least = min(least, MPIEnvironment.seconds - start)
    }
    return try allReduce(least, .max)
  }
}
