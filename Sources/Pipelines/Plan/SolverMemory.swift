import BlockCyclic
import DistributedAlgebra

/// Bytes that the stages take on the rank that needs most, beside the process itself.
enum SolverMemory {
  /// Of a process before it does anything: libraries, MPI's buffers.
  static let processBytes = 70 << 20

  /// Tiles on their way from the store into the matrix.
  private static let depositBytes = 36 << 20

  /// What a solver of a matrix of `layout` touches.
  ///
  /// Of a matrix read as a lower triangle the pages above it are never touched.
  static func bytes(_ layout: MatrixLayout, _ solver: Solver, scalar: Int = 8) -> Int {
    let (n, nb) = (layout.n, layout.nb)
    let whole = layout.largestLocalCount * scalar
    let diagonal = layout.columns.numroc(0) * nb * scalar
    let lower = whole / 2 + diagonal
    let panel = layout.rows.numroc(0) * nb * scalar
    switch solver {
    case .eigenvalues: return lower + depositBytes + layout.workspaceCount(for: solver) * 8
    case .band:
      // V, its images, p?geqrf's workspace, and what PBLAS makes of them; on rank 0, when the matrix
      // has gone, the band and the workspace of the bulge chasing.
      let reduction = lower + max(depositBytes, 6 * panel)
      return max(reduction, n * (nb + 1) * 16 + n * (2 * nb + 1) * 8)
    case .eigenpairs:
      return 2 * whole + lower + layout.workspaceCount(for: solver) * 8
    case .cholesky: return lower + max(depositBytes, 4 * panel)
    }
  }

  /// Throws, on all ranks, where a node has not the memory for its ranks' parts. Collective.
  static func require(
    _ layout: MatrixLayout, _ solver: Solver, scalar: Int = 8, for what: String, ranks: Ranks
  ) throws {
    let bytes = self.bytes(layout, solver, scalar: scalar) * ranks.node.size
    let available = NodeMemory.available
    try ranks.agree {
      guard bytes > available else { return }
      throw PipelineError(
        .unavailable,
        "\(what) of order \(layout.n) takes \(gigabytes(bytes)) GB of memory on a node with "
          + "\(ranks.node.size) of its \(ranks.count) ranks, and \(gigabytes(available)) GB are "
          + "available; use more nodes"
          + (solver == .band && scalar == 8 ? ", or spectrum.precision: f32" : ""))
    }
  }
}

/// Bytes as people read them.
func gigabytes(_ bytes: Int) -> String {
  let value = Double(bytes) * 1e-9
  return String(format: value < 10 ? "%.2f" : "%.1f", value)
}
