import BlockCyclic
import DistributedAlgebra

/// Bytes that the stages take on the rank that needs most, beside the process itself.
enum SolverMemory {
  /// Of a process before it does anything: libraries, MPI's buffers.
  static let processBytes = 76 << 20

  /// What a solver of a matrix of `layout` touches.
  ///
  /// Of a matrix read as a lower triangle the pages above it are never touched.
  static func bytes(_ layout: MatrixLayout, _ solver: Solver, scalar: Int = 8) -> Int {
    let (n, nb) = (layout.n, layout.nb)
    let whole = layout.largestLocalCount * scalar
    let diagonal = layout.columns.numroc(0) * nb * scalar
    let lower = whole / 2 + diagonal
    let panel = layout.rows.numroc(0) * nb * scalar
    // Tiles on their way from the store into the matrix, some rounds of which the heap keeps.
    let depositBytes = 5 * min(12 << 20, max(2 << 20, whole / 50))
    switch solver {
    case .eigenvalues: return lower + depositBytes + layout.workspaceCount(for: solver) * 8
    case .band:
      // V, its images, p?geqrf's workspace, and what PBLAS makes of them, as measured at n = 50,000;
      // on rank 0, when the matrix has gone, the band and the workspace of the bulge chasing.
      let reduction = lower + depositBytes + 8 * panel
      return max(reduction, n * (nb + 1) * 16 + n * (2 * nb + 1) * 8)
    case .eigenpairs:
      return 2 * whole + lower + layout.workspaceCount(for: solver) * 8
    case .cholesky: return lower + max(depositBytes, 4 * panel)
    }
  }

  /// Bytes on a rank of the bases of block Lanczos, and of the small problem that every rank holds.
  static func leadingBytes(_ layout: MatrixLayout, count k: Int) -> Int {
    let (n, nb, ranks) = (layout.n, layout.nb, layout.grid.size)
    let room = min(n + nb, 2 * k + 8 * nb)
    return n * (room + k + 4 * nb) / ranks * 8 + 4 * room * room * 8
  }

  /// Throws, on all ranks, where a node has not the memory for the matrix and the leading
  /// eigenvectors. Collective.
  static func requireLeading(_ layout: MatrixLayout, count: Int, ranks: Ranks) throws {
    let matrix = bytes(layout, .cholesky)
    let bytes = (matrix + leadingBytes(layout, count: count)) * ranks.node.size
    try ranks.world.barrier()
    let available = NodeMemory.available
    try ranks.agree {
      guard bytes > available else { return }
      throw PipelineError(
        .unavailable,
        "\(count) eigenvectors of a matrix of order \(layout.n) take \(readable(bytes: bytes)) on a "
          + "node with \(ranks.node.size) of its \(ranks.count) ranks, and "
          + "\(readable(bytes: available)) are available; ask for fewer, or use fewer ranks per node"
      )
    }
  }

  /// Throws, on all ranks, where a node has not the memory for its ranks' parts. Collective.
  static func require(
    _ layout: MatrixLayout, _ solver: Solver, scalar: Int = 8, for what: String, ranks: Ranks
  ) throws {
    let bytes = self.bytes(layout, solver, scalar: scalar) * ranks.node.size
    // What others of the node have just freed is to be counted.
    try ranks.world.barrier()
    let available = NodeMemory.available
    try ranks.agree {
      guard bytes > available else { return }
      throw PipelineError(
        .unavailable,
        "\(what) of order \(layout.n) takes \(readable(bytes: bytes)) of memory on a node with "
          + "\(ranks.node.size) of its \(ranks.count) ranks, and \(readable(bytes: available)) are "
          + "available; use more nodes"
          + (solver == .band && scalar == 8 ? ", or spectrum.precision: f32" : ""))
    }
  }
}

/// Bytes in GB, without the unit.
func gigabytes(_ bytes: Int) -> String {
  let value = Double(bytes) * 1e-9
  return String(format: value < 10 ? "%.2f" : "%.1f", value)
}

/// Bytes as people read them: 0.6 MB, 5.37 GB.
func readable(bytes: Int) -> String {
  bytes < 100_000_000
    ? String(format: "%.1f MB", Double(bytes) * 1e-6) : gigabytes(bytes) + " GB"
}
