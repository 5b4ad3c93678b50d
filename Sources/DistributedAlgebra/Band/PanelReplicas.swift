import BlockCyclic
import MessagePassing

/// The Householder vectors V of a panel, and X of its update, where products with the remaining matrix need
/// them: a rank has those of the matrix's rows and of its columns that it holds.
///
/// Shape: `byRow` is rows x 2 count, column-major without gaps, V before X; `byColumn` is columns x 2 count,
/// row-major with padding, X before V. So a rank's part of V X' + X V' is one product.
///
/// A panel costs a rank messages of some blocks of columns of length n / nprow and n / npcol.
package final class PanelReplicas<Scalar: MatrixScalar> {
  /// This rank's local rows of the remaining matrix.
  package private(set) var rows = 0..<0
  /// This rank's local columns of the remaining matrix.
  package private(set) var columns = 0..<0
  /// The number of vectors.
  package private(set) var count = 0
  /// The first row and column of the remaining matrix.
  package private(set) var first = 0
  /// Whether this rank is in the panel's process column.
  package var isOwner: Bool { context.mycol == owner }

  /// The ranks of this process column, by their process rows.
  let columnRanks: Communicator

  private let context: BLACSContext
  private let layout: MatrixLayout
  /// The ranks of this process row, by their process columns.
  let rowRanks: Communicator
  private let rowArray: LocalArray<Scalar>
  private let buffer: LocalArray<Scalar>
  /// The panel's process column.
  private var owner = 0
  /// Blocks of `columns`, counted from its first, by the process rows that hold the same rows.
  private(set) var blocks: [[Range<Int>]] = []

  /// Allocates for the panels of a matrix. Collective.
  ///
  /// Errors: no memory.
  package init(for matrix: borrowing DistributedMatrix<Scalar>) throws {
    let (layout, context) = (matrix.layout, matrix.context)
    let (nb, localRows, localColumns) = (layout.nb, matrix.localRows, matrix.localColumns)
    self.layout = layout
    self.context = context
    let communicator = context.communicator
    let (myrow, mycol) = (Int32(context.myrow), Int32(context.mycol))
    let inRow = try communicator.split(color: myrow, key: mycol)
    let inColumn = try communicator.split(color: mycol, key: myrow)
    rowRanks = inRow ?? communicator
    columnRanks = inColumn ?? communicator
    rowArray = try communicator.agree { try LocalArray(count: 2 * nb * localRows) }
    byColumn = try communicator.agree { try PaddedColumns(height: 2 * nb, count: localColumns) }
    buffer = try communicator.agree { try LocalArray(count: nb * max(localRows, localColumns)) }
  }

  /// V, and X behind it, of this rank's rows. Valid while the replicas live.
  package var byRow: UnsafeMutablePointer<Scalar> { rowArray.start }

  /// X of this rank's rows.
  package var updates: UnsafeMutablePointer<Scalar> { byRow + rows.count * count }

  /// The rows, counted in `rows`, whose X this rank computes: the ranks of a process row share its rows.
  package var share: Range<Int> { shareOfRows(rowRanks.rank) }

  /// X of these rows, column-major without gaps, for `shareUpdates`.
  package var sharedUpdates: UnsafeMutablePointer<Scalar> {
    buffer.start + share.lowerBound * count
  }

  /// X, and V behind it, of this rank's columns.
  let byColumn: PaddedColumns<Scalar>

  /// Begins a panel, whose process column is to set the V of its rows. Local.
  ///
  /// - Parameters:
  ///   - panel: its first column; the remaining matrix begins a block further down.
  ///   - count: its number of vectors.
  package func begin(panel: Int, count: Int) {
    first = panel + layout.nb
    self.count = count
    owner = layout.columns.owner(of: panel)
    rows = layout.rows.localRange(of: first..<layout.n, on: context.myrow)
    columns = layout.columns.localRange(of: first..<layout.n, on: context.mycol)
    blocks = Array(repeating: [], count: context.grid.nprow)
    for start in Swift.stride(from: 0, to: columns.count, by: layout.nb) {
      let block = start..<min(start + layout.nb, columns.count)
      blocks[layout.rows.owner(of: globalColumn(block.lowerBound))].append(block)
    }
  }

  /// Gives V to all ranks that need it, from the panel's process column. Collective.
  package func shareVectors() throws {
    if rowRanks.size > 1 {
      let array = UnsafeMutableBufferPointer(start: byRow, count: rows.count * count)
      try rowRanks.broadcast(UnsafeMutableRawBufferPointer(array), from: owner)
    }
    try copyToColumns(byRow, at: count)
  }

  /// Gives X to all ranks that need it, from `sharedUpdates` of each. Collective.
  package func shareUpdates() throws {
    let parts = (0..<rowRanks.size).map { shareOfRows($0) }
    try rowRanks.gatherParts(buffer.start, counts: parts.map { $0.count * count })
    for part in parts {
      for k in 0..<count {
        (updates + (part.lowerBound + k * rows.count)).update(
          from: buffer.start + (part.lowerBound * count + k * part.count), count: part.count)
      }
    }
    try copyToColumns(updates, at: 0)
  }

  /// The part of `rows` of one rank of the process row.
  func shareOfRows(_ rank: Int) -> Range<Int> {
    rows.count * rank / rowRanks.size..<rows.count * (rank + 1) / rowRanks.size
  }

  /// Copies an array by rows to `place` in the array by columns, within a process column.
  private func copyToColumns(
    _ source: UnsafeMutablePointer<Scalar>, at place: Int
  ) throws(MPIError) {
    guard !columns.isEmpty else { return }
    var next = buffer.start + partCounts[..<context.myrow].reduce(0, +)
    for block in blocks[context.myrow] {
      Scalar.transpose(
        rows: count, columns: block.count, source + localRow(block), stride: rows.count, to: next,
        stride: count)
      next += block.count * count
    }
    try columnRanks.gatherParts(buffer.start, counts: partCounts)
    next = buffer.start
    for column in blocks.joined().joined() {
      (byColumn[column] + place).update(from: next, count: count)
      next += count
    }
  }

  /// The elements of the parts of a process column's ranks.
  var partCounts: [Int] {
    blocks.map { $0.reduce(0) { $0 + $1.count } * count }
  }

  /// The first row of a block of columns that this rank has by rows too, counted in `rows`.
  func localRow(_ block: Range<Int>) -> Int {
    layout.rows.local(of: globalColumn(block.lowerBound)) - rows.lowerBound
  }

  private func globalColumn(_ index: Int) -> Int {
    layout.columns.global(of: columns.lowerBound + index, on: context.mycol)
  }
}
