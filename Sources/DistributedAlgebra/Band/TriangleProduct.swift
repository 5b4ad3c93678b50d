extension PanelReplicas {
  /// Sets the images to this rank's part of A V, by rows and by columns. Local.
  ///
  /// A chunk of the lower triangle stands for its mirror image too, so it is multiplied from both sides
  /// while it is in the cache. The sum over the ranks is A V.
  package func multiply(_ matrix: borrowing DistributedMatrix<Scalar>) {
    images.update(repeating: 0, count: rows.count * count)
    byColumn.update(repeating: 0, count: columns.count * count)
    let (start, lld) = (matrix.pointer, matrix.lld)
    chunks.forEach(from: first) { rows, columns in
      add(start + (rows.lowerBound + columns.lowerBound * lld), lld, rows, columns)
    } diagonal: { rows, columns in
      takeLowerHalf(start + (rows.lowerBound + columns.lowerBound * lld), lld, order: rows.count)
      add(square.start, rows.count, rows, columns)
    }
  }

  /// Adds the products of a chunk and of its transpose.
  ///
  /// The chunk is the first factor of both: OpenBLAS is faster so than with V as the first.
  private func add(
    _ chunk: UnsafePointer<Scalar>, _ lld: Int, _ rows: Range<Int>, _ columns: Range<Int>
  ) {
    let (height, width) = (self.rows.count, self.columns.count)
    let row = rows.lowerBound - self.rows.lowerBound
    let column = columns.lowerBound - self.columns.lowerBound
    Scalar.multiply(
      .none, .none, m: rows.count, n: count, k: columns.count, alpha: 1, chunk, lda: lld,
      byColumn + (column + width * count), ldb: width, beta: 1, images + row, ldc: height)
    Scalar.multiply(
      .transpose, .none, m: columns.count, n: count, k: rows.count, alpha: 1, chunk, lda: lld,
      byRow + row, ldb: height, beta: 1, byColumn + column, ldc: width)
  }

  /// Copies the lower triangle of a block, with half of its diagonal and zeros above it: the block is the
  /// sum of this and its transpose.
  private func takeLowerHalf(_ block: UnsafePointer<Scalar>, _ lld: Int, order: Int) {
    for j in 0..<order {
      let target = square.start + j * order
      target.update(repeating: 0, count: j)
      (target + j).update(from: block + (j + j * lld), count: order - j)
      target[j] /= 2
    }
  }
}
