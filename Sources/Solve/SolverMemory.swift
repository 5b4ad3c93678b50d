import BlockCyclic
import DistributedAlgebra
import Processor
import RankProgram

/// The memory that the stages need on the rank that needs the most, in bytes, in addition to the process itself.
package enum SolverMemory {
  /// The memory of a process at its start: libraries and MPI's buffers.
  package static let processBytes = 76 << 20

  /// The number of bytes that a solver touches for a matrix of this layout.
  ///
  /// If only the lower triangle of a matrix is read, the pages above it are never touched.
  ///
  /// - Parameter carried: The number of carried columns.
  package static func bytes(
    _ layout: MatrixLayout, _ solver: Solver, scalar: Int = 8, carried: Int = 0
  ) -> Int {
    let (n, nb) = (layout.n, layout.nb)
    let whole = layout.largestLocalCount * scalar
    let diagonal = layout.columns.numroc(0) * nb * scalar
    let lower = whole / 2 + diagonal
    let panel = layout.rows.numroc(0) * nb * scalar
    // Tiles on their way from the store into the matrix. The heap keeps a few rounds of them.
    let depositBytes = 2 * min(12 << 20, max(2 << 20, whole / 50))
    // The targets, their distributed rows, and copies of them on rank 0.
    let carriedBytes = 6 * n * carried * 8
    switch solver {
    case .eigenvalues: return lower + depositBytes + layout.workspaceCount(for: solver) * 8
    case .band:
      // During the reduction: V and X of two panels by rows and by columns, V once more, the panel before its
      // decomposition, the workspace of p?geqrf and MPI's copies; in double precision, the sums A V and MPI's copies.
      // Afterwards, when the matrix has been freed, on rank 0: the band and the workspace of the bulge chasing.
      let reduction = lower + depositBytes + 15 * panel + 5 * (panel / scalar * 8)
      return max(reduction, n * (nb + 1) * 16 + n * (2 * nb + 1) * 8) + carriedBytes
    case .eigenpairs:
      return 2 * whole + lower + layout.workspaceCount(for: solver) * 8
    // Measured with release 2022.11 at n = 6,000 and 14,000.
    case .elpaEigenvalues: return 9 * whole / 2
    case .elpaEigenpairs: return 17 * whole / 4
    case .cholesky: return lower + max(depositBytes, 4 * panel)
    }
  }

  /// The number of bytes on a rank for the bases of block Lanczos, and for the small problem that every rank holds.
  package static func leadingBytes(_ layout: MatrixLayout, count k: Int) -> Int {
    let (n, nb, ranks) = (layout.n, layout.nb, layout.grid.size)
    let room = min(n + nb, 2 * k + 8 * nb)
    return n * (room + k + 4 * nb) / ranks * 8 + 4 * room * room * 8
  }

  /// Throws on all ranks if a node does not have the memory for a matrix and its leading eigenvectors. Collective.
  package static func requireLeading(_ layout: MatrixLayout, count: Int, ranks: Ranks) throws {
    try require(
      bytes(layout, .cholesky) + leadingBytes(layout, count: count),
      for: "the search of \(count) eigenvectors of a matrix", order: layout.n,
      advice: "ask for fewer, or use fewer ranks per node", ranks)
  }

  /// Throws on all ranks if a node does not have the memory for the parts of its ranks. Collective.
  package static func require(
    _ layout: MatrixLayout, _ solver: Solver, scalar: Int = 8, carried: Int = 0,
    for what: String, ranks: Ranks
  ) throws {
    try require(
      bytes(layout, solver, scalar: scalar, carried: carried), for: what, order: layout.n,
      advice: "use more nodes"
        + (solver == .band && scalar == 8 ? ", or spectrum.precision: f32" : ""), ranks)
  }

  /// The number of bytes that every rank can still allocate. Collective.
  package static func room(_ ranks: Ranks) throws -> Int {
    let (_, room) = try onNode(0, ranks)
    return try ranks.world.allReduce(room.bytes / ranks.node.size, .min)
  }

  /// Whether every node has room for `bytes` on each of its ranks. Collective.
  package static func fits(_ bytes: Int, ranks: Ranks) throws -> Bool {
    let (needed, room) = try onNode(bytes, ranks)
    return try ranks.world.allReduce(needed <= room.bytes ? 1 : 0, .min) == 1
  }

  /// The total of `bytes` on every rank of this node, and the memory that the node has left. Collective.
  private static func onNode(
    _ bytes: Int, _ ranks: Ranks
  ) throws -> (needed: Int, room: NodeMemory.Room) {
    // Wait, so that memory that other ranks of the node have just freed counts as available.
    try ranks.world.barrier()
    return (bytes * ranks.node.size, NodeMemory.room(for: ranks.node.size))
  }

  /// Throws on all ranks if a node does not have `bytes` for each of its ranks. Collective.
  package static func require(
    _ bytes: Int, for what: String, order n: Int, advice: String = "use more nodes", _ ranks: Ranks
  ) throws {
    try ranks.requireMemory(
      bytes * ranks.node.size, for: "\(what) of order \(n)", advice: advice)
  }
}
