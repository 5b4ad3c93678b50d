import BlockCyclic
import Failures
import MessagePassing

/// An error of a distributed computation. Collective functions turn it into a `CollectiveFailure`.
public enum DistributedAlgebraError: Failure, Equatable {
  /// A local array exceeds the range of 32-bit ScaLAPACK. `smallestRanks` is nil if no number of ranks is enough.
  case tooLargeForLP64(violation: LP64Violation, order: Int, ranks: Int, smallestRanks: Int?)
  /// The machine has no memory for a local array.
  case outOfMemory(bytes: Int)
  /// BLACS did not place this process on the grid.
  case noGrid(grid: ProcessGrid)
  /// A layout is for a grid that differs from the grid of its context.
  case otherGrid(layout: ProcessGrid, context: ProcessGrid)
  /// A solver needs a square matrix in square blocks, but the layout is different.
  case notSquare(routine: String, layout: MatrixLayout)
  /// The sizes of two operands do not match.
  case mismatch(what: String, value: Int, expected: Int)
  /// A tile is in a place where tiles of this matrix are not allowed.
  case misplacedTile(row: Int, column: Int, rows: Int, columns: Int, reason: String)
  /// An element is infinite or not a number.
  case notFinite(i: Int, j: Int)
  /// An eigenvalue iteration did not converge.
  case notConverged(routine: String, info: Int)
  /// A routine rejected an argument, or failed in a way that no other case describes.
  case failed(routine: String, info: Int)

  /// The kind of the failure.
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

/// Throws if `info`, which a routine of ScaLAPACK returned, is not 0. Local.
func decode(_ routine: String, info: Int32) throws(DistributedAlgebraError) {
  if info > 0 { throw .notConverged(routine: routine, info: Int(info)) }
  if info < 0 { throw .failed(routine: routine, info: Int(info)) }
}

/// Throws if a routine whose `info` is the same on all ranks has failed. Local.
///
/// This holds for routines that report nothing but wrong arguments, which ScaLAPACK compares over the grid. Because
/// this check sends no messages, it may be used in a loop.
func requireSuccess(_ routine: String, info: Int32) throws(CollectiveFailure) {
  guard info != 0 else { return }
  throw CollectiveFailure(
    onAllRanks: DistributedAlgebraError.failed(routine: routine, info: Int(info)))
}
