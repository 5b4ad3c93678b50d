import BlockCyclic

/// Passes over this rank's part of the lower triangle, chunk by chunk. A pass computes the update A <- A - V X' - X V'
/// by one panel, the product A V with the next panel, or both while a chunk is in the cache. Combining both halves the
/// number of passes of a reduction.
///
/// Each kind of pass updates an element in the same order, so the result does not depend on the kind.
package final class TrianglePass<Scalar: MatrixScalar> {
  /// Whether an update of the matrix is pending. The reduction sets this.
  var isPending = false
  /// The product A V with the panel that was multiplied last.
  package let images: PanelImages<Scalar>

  private let layout: MatrixLayout
  private let context: BLACSContext
  private let chunks: TriangleChunks
  /// A copy of a chunk, column-major.
  private let chunk: PaddedColumns<Scalar>
  /// V and X for a chunk's rows, negated, column-major.
  private let rowFactor: PaddedColumns<Scalar>

  /// Allocates the memory for the panels of a matrix. Collective.
  ///
  /// Errors: no memory.
  package init(for matrix: borrowing DistributedMatrix<Scalar>) throws {
    (layout, context) = (matrix.layout, matrix.context)
    // A chunk and its factors fit in a second-level cache of one megabyte.
    let edge = MemoryLayout<Scalar>.stride < 8 ? 256 : 192
    let (largest, nb) = (max(edge, layout.nb), layout.nb)
    chunks = TriangleChunks(
      layout: layout, myrow: context.myrow, mycol: context.mycol,
      largest: (rows: edge, columns: edge))
    images = try PanelImages(for: matrix)
    let communicator = context.communicator
    chunk = try communicator.agree { try PaddedColumns(height: largest, count: largest) }
    rowFactor = try communicator.agree { try PaddedColumns(height: largest, count: 2 * nb) }
  }

  /// Updates the matrix, from the panel's first column on. Local.
  ///
  /// Diagonal blocks are written completely; the elements above the diagonal have no meaning.
  package func update(
    _ matrix: borrowing DistributedMatrix<Scalar>, by panel: PanelReplicas<Scalar>
  ) {
    let update = ChunkUpdate(panel, rowFactor, matrix)
    chunks.forEach(from: panel.first) { rows, columns in
      update.subtract(rows, columns)
    } diagonal: { rows, columns in
      update.subtract(rows, columns)
    }
  }

  /// Updates only the first `count` columns. Local.
  func updateFirst(
    _ count: Int, of matrix: borrowing DistributedMatrix<Scalar>, by panel: PanelReplicas<Scalar>
  ) {
    let columns = layout.columns.localRange(
      of: panel.first..<min(panel.first + count, layout.n), on: context.mycol)
    guard !columns.isEmpty else { return }
    let update = ChunkUpdate(panel, rowFactor, matrix)
    for first in stride(from: panel.rows.lowerBound, to: panel.rows.upperBound, by: chunk.height) {
      update.subtract(first..<min(first + chunk.height, panel.rows.upperBound), columns)
    }
  }

  /// Sets `images` to this rank's part of A V, by rows and by columns. If `before` is not nil, first applies the
  /// pending update by the panel `before` to the matrix. Local.
  ///
  /// A chunk of the lower triangle also stands for its mirror image, so it is multiplied from both sides. The sum over
  /// the ranks is A V.
  package func multiply(
    _ matrix: borrowing DistributedMatrix<Scalar>, by panel: PanelReplicas<Scalar>,
    updatedBy before: PanelReplicas<Scalar>? = nil
  ) {
    let update = before.map { ChunkUpdate($0, rowFactor, matrix) }
    let (start, lld) = (matrix.pointer, matrix.lld)
    images.begin(panel)
    chunks.forEach(from: panel.first) { rows, columns in
      update?.subtract(rows, columns)
      let source = start + (rows.lowerBound + columns.lowerBound * lld)
      for j in 0..<columns.count { chunk[j].update(from: source + j * lld, count: rows.count) }
      images.add(chunk, rows, columns, of: panel)
    } diagonal: { rows, columns in
      update?.subtract(rows, columns)
      takeLowerHalf(start + (rows.lowerBound + columns.lowerBound * lld), lld, order: rows.count)
      images.add(chunk, rows, columns, of: panel)
    }
  }

  /// Copies the lower triangle of a block, with half of its diagonal and with zeros above the diagonal. The block is
  /// the sum of this copy and its transpose.
  private func takeLowerHalf(_ block: UnsafePointer<Scalar>, _ lld: Int, order: Int) {
    for j in 0..<order {
      chunk[j].update(repeating: 0, count: j)
      (chunk[j] + j).update(from: block + (j + j * lld), count: order - j)
      chunk[j][j] /= 2
    }
  }
}

/// The update of chunks by one panel. Consecutive chunks with the same rows share the copy of their row factor.
private final class ChunkUpdate<Scalar: MatrixScalar> {
  private let panel: PanelReplicas<Scalar>
  private let factor: UnsafeMutablePointer<Scalar>
  private let stride: Int
  private let start: UnsafeMutablePointer<Scalar>
  private let lld: Int
  private var known = 0..<0

  /// - Parameter rowFactor: Storage for the row factor. It must outlive this object.
  init(
    _ panel: PanelReplicas<Scalar>, _ rowFactor: borrowing PaddedColumns<Scalar>,
    _ matrix: borrowing DistributedMatrix<Scalar>
  ) {
    self.panel = panel
    (factor, stride) = (rowFactor.start, rowFactor.stride)
    (start, lld) = (matrix.pointer, matrix.lld)
  }

  func subtract(_ rows: Range<Int>, _ columns: Range<Int>) {
    if rows != known { take(rows) }
    // The chunk is column-major, so this product computes its transpose.
    Scalar.addProduct(
      m: columns.count, n: rows.count, k: 2 * panel.count,
      to: start + (rows.lowerBound + columns.lowerBound * lld), stride: lld,
      panel.byColumn[columns.lowerBound - panel.columns.lowerBound],
      rowStride: panel.byColumn.stride,
      columnStride: 1, factor, rowStride: stride)
  }

  private func take(_ rows: Range<Int>) {
    known = rows
    let first = panel.byRow + (rows.lowerBound - panel.rows.lowerBound)
    for k in 0..<2 * panel.count {
      Scalar.negate(first + k * panel.rows.count, to: factor + k * stride, count: rows.count)
    }
  }
}
