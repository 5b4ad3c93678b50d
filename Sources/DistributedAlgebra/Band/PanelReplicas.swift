import BlockCyclic
import MessagePassing

/// Copies of a panel's Householder vectors V, and of the X of its update, on the ranks that need them for products with
/// the remaining matrix. A rank has V and X for the rows and for the columns of the matrix that it holds.
///
/// Shape: `byRow` is rows x 2 count, column-major without gaps, V before X. `byColumn` is columns x 2 count, row-major
/// with padding, X before V. With this order, a rank's part of V X' + X V' is a single product.
///
/// For each panel, a rank exchanges messages whose size is a few block columns of length n / nprow and n / npcol.
package final class PanelReplicas<Scalar: MatrixScalar> {
  /// This rank's local rows of the remaining matrix.
  package private(set) var rows = 0..<0
  /// This rank's local columns of the remaining matrix.
  package private(set) var columns = 0..<0
  /// The number of Householder vectors.
  package private(set) var count = 0
  /// The first row and column of the remaining matrix.
  package private(set) var first = 0
  /// Whether this rank is in the panel's process column.
  package var isOwner: Bool { context.mycol == owner }

  /// The ranks of this process column, ordered by process row.
  let columnRanks: Communicator

  private let context: BLACSContext
  private let layout: MatrixLayout
  /// The ranks of this process row, ordered by process column.
  let rowRanks: Communicator
  private let rowArray: LocalArray<Scalar>
  private let buffer: LocalArray<Scalar>
  /// The process column that holds the panel.
  private var owner = 0
  /// The blocks of `columns`, relative to its first column, grouped by the process row that holds the rows with the
  /// same global indices.
  private(set) var blocks: [[Range<Int>]] = []

  /// Allocates the memory for the panels of a matrix. Collective.
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

  /// V for this rank's rows, followed by X. Valid as long as the replicas live.
  package var byRow: UnsafeMutablePointer<Scalar> { rowArray.start }

  /// X for this rank's rows.
  package var updates: UnsafeMutablePointer<Scalar> { byRow + rows.count * count }

  /// The rows, relative to `rows`, for which this rank computes X. The ranks of a process row divide its rows among
  /// them.
  package var share: Range<Int> { shareOfRows(rowRanks.rank) }

  /// X for the rows of `share`, column-major without gaps, to be set before `shareUpdates`.
  package var sharedUpdates: UnsafeMutablePointer<Scalar> {
    buffer.start + share.lowerBound * count
  }

  /// X for this rank's columns, followed by V.
  let byColumn: PaddedColumns<Scalar>

  /// Begins a panel. Afterwards the panel's process column must set V for its rows. Local.
  ///
  /// - Parameters:
  ///   - panel: The first column of the panel. The remaining matrix begins one block further down.
  ///   - count: The number of Householder vectors.
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

  /// Sends V from the panel's process column to all ranks that need it. Collective.
  package func shareVectors() throws {
    if rowRanks.size > 1 {
      let array = UnsafeMutableBufferPointer(start: byRow, count: rows.count * count)
      try rowRanks.broadcast(UnsafeMutableRawBufferPointer(array), from: owner)
    }
    try copyToColumns(byRow, at: count)
  }

  /// Sends X, from the `sharedUpdates` of each rank, to all ranks that need it. Collective.
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

  /// The part of `rows` that belongs to one rank of the process row.
  func shareOfRows(_ rank: Int) -> Range<Int> {
    rows.count * rank / rowRanks.size..<rows.count * (rank + 1) / rowRanks.size
  }

  /// Copies an array stored by rows to position `place` of the array stored by columns, within a process column.
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

  /// The number of elements in the part of each rank of this process column.
  var partCounts: [Int] {
    blocks.map { $0.reduce(0) { $0 + $1.count } * count }
  }

  /// The first row, relative to `rows`, of a block of columns whose rows this rank also holds.
  func localRow(_ block: Range<Int>) -> Int {
    layout.rows.local(of: globalColumn(block.lowerBound)) - rows.lowerBound
  }

  private func globalColumn(_ index: Int) -> Int {
    layout.columns.global(of: columns.lowerBound + index, on: context.mycol)
  }
}
