extension PanelReplicas {
  /// Sets the images to this rank's part of A V, by rows and by columns. Local.
  ///
  /// A chunk of the lower triangle stands for its mirror image too, so it is multiplied from both sides
  /// while it is in the cache. The sum over the ranks is A V.
  ///
  /// The chunk is the first factor of both products: OpenBLAS is faster than with V as the first.
  package func multiply(_ matrix: borrowing DistributedMatrix<Scalar>) {
    images.update(repeating: 0, count: self.rows.count * count)
    byColumn.update(repeating: 0, count: self.columns.count * count)
    let (start, lld) = (matrix.pointer, matrix.lld)
    let (height, width) = (self.rows.count, self.columns.count)
    chunks.forEach(from: first) { rows, columns in
      let chunk = start + (rows.lowerBound + columns.lowerBound * lld)
      let (row, column) = (
        rows.lowerBound - self.rows.lowerBound, columns.lowerBound - self.columns.lowerBound
      )
      Scalar.multiply(
        .none, .none, m: rows.count, n: count, k: columns.count, alpha: 1, chunk, lda: lld,
        byColumn + (column + width * count), ldb: width, beta: 1, images + row, ldc: height)
      Scalar.multiply(
        .transpose, .none, m: columns.count, n: count, k: rows.count, alpha: 1, chunk, lda: lld,
        byRow + row, ldb: height, beta: 1, byColumn + column, ldc: width)
    } diagonal: { rows, columns in
      mirror(start + (rows.lowerBound + columns.lowerBound * lld), lld, order: rows.count)
      let (row, column) = (
        rows.lowerBound - self.rows.lowerBound, columns.lowerBound - self.columns.lowerBound
      )
      Scalar.multiply(
        .none, .none, m: rows.count, n: count, k: rows.count, alpha: 1, square.start,
        lda: rows.count, byColumn + (column + width * count), ldb: width, beta: 1, images + row,
        ldc: height)
    }
  }

  /// Makes a block whole from its lower triangle.
  private func mirror(_ block: UnsafePointer<Scalar>, _ lld: Int, order: Int) {
    for j in 0..<order {
      for i in j..<order {
        let element = block[i + j * lld]
        square.start[i + j * order] = element
        square.start[j + i * order] = element
      }
    }
  }
}
