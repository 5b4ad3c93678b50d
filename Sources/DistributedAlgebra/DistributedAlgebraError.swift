import BlockCyclic
import Failures
import MessagePassing

/// A distributed computation that could not be done. Collective functions turn it into a
/// `CollectiveFailure`.
public enum DistributedAlgebraError: Failure, Equatable {
  /// A local array exceeds 32-bit ScaLAPACK; `smallestRanks` is nil where no number of ranks helps.
  case tooLargeForLP64(violation: LP64Violation, order: Int, ranks: Int, smallestRanks: Int?)
  /// The machine has no memory for a local array.
  case outOfMemory(bytes: Int)
  /// BLACS placed this process off the grid.
  case noGrid(grid: ProcessGrid)
  /// A layout is for another grid than its context's.
  case otherGrid(layout: ProcessGrid, context: ProcessGrid)
  /// A solver needs a square matrix in square blocks.
  case notSquare(routine: String, layout: MatrixLayout)
  /// Two operands do not fit each other.
  case mismatch(what: String, value: Int, expected: Int)
  /// A tile is not where tiles of this matrix may be.
  case misplacedTile(row: Int, column: Int, rows: Int, columns: Int, reason: String)
  /// An element is infinite or not a number.
  case notFinite(i: Int, j: Int)
  /// An eigenvalue iteration did not converge.
  case notConverged(routine: String, info: Int)
  /// A routine rejected an argument or ended in a way that has no better case.
  case failed(routine: String, info: Int)

  /// What kind of failure it is.
  public var kind: FailureKind {
    switch self {
    case .tooLargeForLP64, .outOfMemory, .noGrid: .resource
    case .misplacedTile, .notFinite: .badData
    case .otherGrid, .notSquare, .mismatch, .notConverged, .failed: .internal
    }
  }

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .tooLargeForLP64(let violation, let order, let ranks, let smallest):
      "a matrix of order \(order) on \(ranks) rank\(ranks == 1 ? "" : "s") has \(violation.array) "
        + "of \(violation.elements) elements, more than ScaLAPACK's 32-bit integers can index; "
        + (smallest.map { "use at least \($0) ranks." } ?? "no number of ranks can solve it.")
    case .outOfMemory(let bytes):
      "no memory for a local array of \(bytes) bytes; use more nodes or fewer ranks per node."
    case .noGrid(let grid):
      "BLACS made no process grid of \(grid); start as many ranks as the grid has processes."
    case .otherGrid(let layout, let context):
      "the matrix is laid out for a grid of \(layout) on a context of \(context); use one grid."
    case .notSquare(let routine, let layout):
      "\(routine) needs a square matrix in square blocks and got \(layout.m) x \(layout.n) in "
        + "blocks of \(layout.mb) x \(layout.nb); lay it out by its order."
    case .mismatch(let what, let value, let expected):
      "\(what) is \(value) where \(expected) is needed; make the operands fit."
    case .misplacedTile(let row, let column, let rows, let columns, let reason):
      "the tile of \(rows) x \(columns) at row \(row), column \(column) \(reason); "
        + "check the tiles that the store lists."
    case .notFinite(let i, let j):
      "element (\(i), \(j)) of the matrix is not a finite number; its tile is damaged, or the "
        + "kernel has left the range of its precision or storage: see `ntk-dist verify`."
    case .notConverged(let routine, let info):
      "\(routine) did not converge (info \(info)); check the matrix with `verify`."
    case .failed(let routine, let info):
      "\(routine) failed with info \(info); this is a defect of the program, please report it."
    }
  }
}

/// Throws where `info`, which a routine of ScaLAPACK returned, is not 0. Local.
func decode(_ routine: String, info: Int32) throws(DistributedAlgebraError) {
  if info > 0 { throw .notConverged(routine: routine, info: Int(info)) }
  if info < 0 { throw .failed(routine: routine, info: Int(info)) }
}

/// Throws where a routine whose `info` is the same on all ranks has failed. Local.
///
/// Such are the routines that report nothing but wrong arguments, which ScaLAPACK compares over the
/// grid; it takes no messages, so it may stand in a loop.
func requireSuccess(_ routine: String, info: Int32) throws(CollectiveFailure) {
  guard info != 0 else { return }
  throw CollectiveFailure(
    onAllRanks: DistributedAlgebraError.failed(routine: routine, info: Int(info)))
}
