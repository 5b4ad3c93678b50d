import BlockCyclic

/// Passes over this rank's part of the lower triangle, chunk by chunk: A <- A - V X' - X V' of one panel, A V of
/// the next, or both while a chunk is in the cache, which halves the passes of a reduction.
///
/// An element is updated in the same order in each of them, so the result does not depend on which.
package final class TrianglePass<Scalar: MatrixScalar> {
  /// Whether the matrix waits for an update, which the reduction sets.
  var isPending = false
  /// A V of the panel that was multiplied last.
  package let images: PanelImages<Scalar>

  private let layout: MatrixLayout
  private let context: BLACSContext
  private let chunks: TriangleChunks
  /// A chunk, column-major.
  private let chunk: PaddedColumns<Scalar>
  /// V and X of a chunk's rows with a minus sign, column-major.
  private let rowFactor: PaddedColumns<Scalar>

  /// Allocates for the panels of a matrix. Collective.
  ///
  /// Errors: no memory.
  package init(for matrix: borrowing DistributedMatrix<Scalar>) throws {
    (layout, context) = (matrix.layout, matrix.context)
    // A chunk and its factors stay in a second-level cache of a megabyte.
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
  /// The diagonal's blocks are written whole; what lies above the diagonal is without meaning.
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

  /// Updates the first `count` columns alone. Local.
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

  /// Sets `images` to this rank's part of A V, by rows and by columns, once the matrix from there on is updated
  /// by the panel before. Local.
  ///
  /// A chunk of the lower triangle stands for its mirror image too, so it is multiplied from both sides. The
  /// sum over the ranks is A V.
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

  /// Copies the lower triangle of a block, with half of its diagonal and zeros above it: the block is the
  /// sum of this and its transpose.
  private func takeLowerHalf(_ block: UnsafePointer<Scalar>, _ lld: Int, order: Int) {
    for j in 0..<order {
      chunk[j].update(repeating: 0, count: j)
      (chunk[j] + j).update(from: block + (j + j * lld), count: order - j)
      chunk[j][j] /= 2
    }
  }
}

/// The update of chunks by one panel. Chunks beside each other share the copy of their rows' factor.
private final class ChunkUpdate<Scalar: MatrixScalar> {
  private let panel: PanelReplicas<Scalar>
  private let factor: UnsafeMutablePointer<Scalar>
  private let stride: Int
  private let start: UnsafeMutablePointer<Scalar>
  private let lld: Int
  private var known = 0..<0

  /// - Parameter rowFactor: outlives this.
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
    // Column-major, so this is the chunk's transpose.
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
