import BlockCyclic
import Glibc
import MessagePassing

/// The Householder vectors V of a panel and their images W = A V, later X, where products with the
/// remaining matrix need them: a rank has those of the matrix's rows and of its columns that it holds.
///
/// Shape: `byRow` is rows x 2 count, column-major without gaps, V before the images; `byColumn` is
/// columns x 2 count, row-major with padding, the images before V. So a rank's part of V X' + X V' is one product.
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
  private let rowRanks: Communicator
  private let rowArray: LocalArray<Scalar>
  private let buffer: LocalArray<Scalar>
  /// A block of the images.
  private let turned: LocalArray<Scalar>
  /// V of this rank's rows once more, row-major, for the products.
  private let vectorRows: PaddedColumns<Scalar>
  private var owner = 0
  /// Blocks of `columns`, counted from its first, by the process rows that hold the same rows.
  private var blocks: [[Range<Int>]] = []

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
    turned = try communicator.agree { try LocalArray(count: nb * nb) }
    vectorRows = try communicator.agree { try PaddedColumns(height: nb, count: localRows) }
  }

  /// V, and the images behind it, of this rank's rows. Valid while the replicas live.
  package var byRow: UnsafeMutablePointer<Scalar> { rowArray.start }

  /// The images of this rank's rows.
  package var images: UnsafeMutablePointer<Scalar> { byRow + rows.count * count }

  /// The images, and V behind them, of this rank's columns.
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
    try share(byRow, at: count)
  }

  /// Gives X to all ranks that need it, from the panel's process column. Collective.
  package func shareImages() throws { try share(images, at: 0) }

  /// Sets the images to zero and turns V, for `addImages`. Local.
  func beginImages() {
    let size = MemoryLayout<Scalar>.stride
    memset(images, 0, rows.count * count * size)
    for column in 0..<columns.count { memset(byColumn[column], 0, count * size) }
    Scalar.transpose(
      rows: count, columns: rows.count, byRow, stride: rows.count, to: vectorRows.start,
      stride: vectorRows.stride)
  }

  /// Adds the products of a chunk with V of its columns, and of its transpose with V of its rows. Local.
  func addImages(
    of chunk: borrowing PaddedColumns<Scalar>, _ chunkRows: Range<Int>, _ chunkColumns: Range<Int>
  ) {
    let row = chunkRows.lowerBound - rows.lowerBound
    let column = chunkColumns.lowerBound - columns.lowerBound
    // Column-major, so these are the images' transposes.
    Scalar.addProduct(
      m: count, n: chunkRows.count, k: chunkColumns.count, to: images + row, stride: rows.count,
      byColumn[column] + count, rowStride: 1, columnStride: byColumn.stride, chunk.start,
      rowStride: chunk.stride)
    Scalar.addProduct(
      m: chunkColumns.count, n: count, k: chunkRows.count, to: byColumn[column],
      stride: byColumn.stride, chunk.start, rowStride: chunk.stride, columnStride: 1,
      vectorRows[row], rowStride: vectorRows.stride)
  }

  /// Sums the images over the ranks; the panel's process column has the sums of its rows. Collective.
  package func sumImages() throws {
    if !columns.isEmpty {
      var next = buffer.start
      for column in blocks.joined().joined() {
        next.update(from: byColumn[column], count: count)
        next += count
      }
      try columnRanks.sumParts(buffer.start, counts: partCounts)
      next = buffer.start
      for block in blocks[context.myrow] {
        Scalar.transpose(
          rows: block.count, columns: count, next, stride: count, to: turned.start,
          stride: block.count)
        for k in 0..<count {
          Scalar.add(
            turned.start + k * block.count, to: images + (localRow(block) + k * rows.count),
            count: block.count)
        }
        next += block.count * count
      }
    }
    guard rowRanks.size > 1 else { return }
    try rowRanks.reduce(
      UnsafeMutableBufferPointer(start: images, count: rows.count * count), .sum, to: owner)
  }

  /// Copies an array of the panel's process column, by rows, to all of the process row; and the same
  /// rows to `place` in the array by columns, within a process column.
  private func share(
    _ source: UnsafeMutablePointer<Scalar>, at place: Int
  ) throws(MPIError) {
    if rowRanks.size > 1 {
      let array = UnsafeMutableBufferPointer(start: source, count: rows.count * count)
      try rowRanks.broadcast(UnsafeMutableRawBufferPointer(array), from: owner)
    }
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
  private var partCounts: [Int] {
    blocks.map { $0.reduce(0) { $0 + $1.count } * count }
  }

  /// The first row of a block of columns that this rank has by rows too, counted in `rows`.
  private func localRow(_ block: Range<Int>) -> Int {
    layout.rows.local(of: globalColumn(block.lowerBound)) - rows.lowerBound
  }

  private func globalColumn(_ index: Int) -> Int {
    layout.columns.global(of: columns.lowerBound + index, on: context.mycol)
  }
}
