import BlockCyclic
import Glibc
import MessagePassing

/// The images W = A V of a panel's Householder vectors, summed over the chunks of the matrix and over the ranks.
///
/// Sums of more than 256 products are in double precision, whatever the precision of the matrix. Most elements of a
/// kernel have the same sign, so in single precision a sum over a whole row would lose the digits of the small
/// eigenvalues. With 60,000 elements near 27, that error had a norm of 3, and eigenvalues of 0.01 became as low as -2.
package final class PanelImages<Scalar: MatrixScalar> {
  /// W for this rank's share of rows (`PanelReplicas.share`), column-major without gaps. Set by `sum`.
  package var shared: UnsafeMutablePointer<Double> { buffer.start }
  /// V for this rank's rows of the remaining matrix, row-major. Set by `begin`.
  let vectorRows: PaddedColumns<Scalar>

  private let context: BLACSContext
  /// Sums for this rank's rows, column-major without gaps.
  private let rowSums: LocalArray<Double>
  /// Sums for this rank's columns, row-major with padding.
  private let columnSums: PaddedColumns<Double>
  private let buffer: LocalArray<Double>
  /// A transposed block of W.
  private let turned: LocalArray<Double>

  /// Allocates the memory for the panels of a matrix. Collective.
  ///
  /// Errors: no memory.
  init(for matrix: borrowing DistributedMatrix<Scalar>) throws {
    let (nb, localRows, localColumns) = (
      matrix.layout.nb, matrix.localRows, matrix.localColumns
    )
    context = matrix.context
    let communicator = context.communicator
    rowSums = try communicator.agree { try LocalArray(count: nb * localRows) }
    columnSums = try communicator.agree { try PaddedColumns(height: nb, count: localColumns) }
    buffer = try communicator.agree { try LocalArray(count: nb * max(localRows, localColumns)) }
    turned = try communicator.agree { try LocalArray(count: nb * nb) }
    vectorRows = try communicator.agree { try PaddedColumns(height: nb, count: localRows) }
  }

  /// Begins the images of a panel. All ranks must already have its vectors. Local.
  func begin(_ panel: PanelReplicas<Scalar>) {
    let (rows, count, size) = (panel.rows.count, panel.count, MemoryLayout<Double>.stride)
    memset(rowSums.start, 0, rows * count * size)
    for column in 0..<panel.columns.count { memset(columnSums[column], 0, count * size) }
    Scalar.transpose(
      rows: count, columns: rows, panel.byRow, stride: rows, to: vectorRows.start,
      stride: vectorRows.stride)
  }

  /// Adds the product of a chunk with V of the chunk's columns, and the product of the transposed chunk with V of its
  /// rows. Local.
  func add(
    _ chunk: borrowing PaddedColumns<Scalar>, _ chunkRows: Range<Int>, _ chunkColumns: Range<Int>,
    of panel: PanelReplicas<Scalar>
  ) {
    let row = chunkRows.lowerBound - panel.rows.lowerBound
    let column = chunkColumns.lowerBound - panel.columns.lowerBound
    // The chunk is column-major, so these products are the transposes of the images.
    Scalar.addProduct(
      m: panel.count, n: chunkRows.count, k: chunkColumns.count, toWide: rowSums.start + row,
      stride: panel.rows.count, panel.byColumn[column] + panel.count, rowStride: 1,
      columnStride: panel.byColumn.stride, chunk.start, rowStride: chunk.stride)
    Scalar.addProduct(
      m: chunkColumns.count, n: panel.count, k: chunkRows.count, toWide: columnSums[column],
      stride: columnSums.stride, chunk.start, rowStride: chunk.stride, columnStride: 1,
      vectorRows[row], rowStride: vectorRows.stride)
  }

  /// Sums the images over the ranks. Afterwards each rank has the images of its share of rows. Collective.
  package func sum(_ panel: PanelReplicas<Scalar>) throws {
    let (rows, count) = (panel.rows.count, panel.count)
    if !panel.columns.isEmpty {
      var next = buffer.start
      for column in panel.blocks.joined().joined() {
        next.update(from: columnSums[column], count: count)
        next += count
      }
      try panel.columnRanks.sumParts(buffer.start, counts: panel.partCounts)
      next = buffer.start
      for block in panel.blocks[context.myrow] {
        Double.transpose(
          rows: block.count, columns: count, next, stride: count, to: turned.start,
          stride: block.count)
        for k in 0..<count {
          let source = turned.start + k * block.count
          let target = rowSums.start + (panel.localRow(block) + k * rows)
          for index in 0..<block.count { target[index] += source[index] }
        }
        next += block.count * count
      }
    }
    let parts = (0..<panel.rowRanks.size).map { panel.shareOfRows($0) }
    for part in parts {
      for k in 0..<count {
        (buffer.start + (part.lowerBound * count + k * part.count)).update(
          from: rowSums.start + (part.lowerBound + k * rows), count: part.count)
      }
    }
    try panel.rowRanks.sumParts(buffer.start, counts: parts.map { $0.count * count })
  }
}
