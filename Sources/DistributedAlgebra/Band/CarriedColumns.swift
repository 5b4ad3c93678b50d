import BlockCyclic
import MessagePassing

/// A few columns that have the same rows as a distributed matrix, and to which its reduction applies the same
/// transformations.
///
/// Each rank holds the rows of its process row, so all ranks of a process row hold the same rows. The elements have
/// double precision, whatever the precision of the matrix.
public final class CarriedColumns {
  let layout: MatrixLayout
  /// The number of columns.
  public let count: Int

  /// The rows on this rank, [local rows, count], row-major.
  private let rows: LocalArray<Double>
  private let context: BLACSContext
  /// The ranks of this process row, ordered by process column.
  private let rowRanks: Communicator?

  /// Keeps this rank's rows of columns that all ranks have.
  ///
  /// Shape: `values` is [n, columns], row-major, where n is the order of the matrix that `layout` describes.
  ///
  /// Collective.
  public init(
    rowMajor values: [Double], columns: Int, layout: MatrixLayout, on context: BLACSContext
  ) throws {
    try context.communicator.agree {
      guard columns > 0 && values.count == layout.m * columns else {
        throw DistributedAlgebraError.mismatch(
          what: "the number of elements of the carried columns", value: values.count,
          expected: layout.m * max(columns, 1))
      }
    }
    self.layout = layout
    self.context = context
    count = columns
    let localRows = layout.rows.numroc(context.myrow)
    let rows = try context.communicator.agree {
      try LocalArray<Double>(count: localRows * columns)
    }
    for iLocal in 0..<localRows {
      let i = layout.rows.global(of: iLocal, on: context.myrow)
      for column in 0..<columns {
        rows.start[iLocal * columns + column] = values[i * columns + column]
      }
    }
    self.rows = rows
    rowRanks =
      context.grid.npcol == 1
      ? nil
      : try context.communicator.split(color: Int32(context.myrow), key: Int32(context.mycol))
  }

  /// Applies the block reflector of a panel. Collective.
  ///
  /// The ranks of one process column compute the result and send it to all others, which might round differently.
  func apply<Scalar>(
    _ reflector: BlockReflector<Scalar>, ofPanelIn processColumn: Int
  ) throws {
    try reflector.apply(to: rows.start, columns: count)
    try rowRanks?.broadcast(mutableBytes, from: processColumn)
  }

  /// Returns all rows, [n, count], on rank 0. On other ranks the result has no meaning. Collective.
  func gathered() throws -> [Double] {
    var whole = [Double](repeating: 0, count: layout.m * count)
    // Every row has exactly one owner in process column 0, so the sum over the ranks does not change any value.
    if context.mycol == 0 {
      for iLocal in 0..<layout.rows.numroc(context.myrow) {
        let i = layout.rows.global(of: iLocal, on: context.myrow)
        for column in 0..<count { whole[i * count + column] = rows.start[iLocal * count + column] }
      }
    }
    try context.communicator.reduce(&whole, .sum)
    return whole
  }

  /// The bytes of this rank's rows, for saving the state. Local; valid as long as this object lives.
  var mutableBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: rows.start, count: localCount))
  }

  private var localCount: Int { layout.rows.numroc(context.myrow) * count }
}
