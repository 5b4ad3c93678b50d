extension PanelReplicas {
  /// A <- A - V X' - X V' in this rank's part of the lower triangle. Local.
  ///
  /// The diagonal's blocks are written whole; what lies above the diagonal is without meaning.
  package func update(_ matrix: borrowing DistributedMatrix<Scalar>) {
    let (start, lld) = (matrix.pointer, matrix.lld)
    func subtract(_ rows: Range<Int>, _ columns: Range<Int>) {
      Scalar.multiply(
        .none, .transpose, m: rows.count, n: columns.count, k: 2 * count, alpha: -1,
        byRow + (rows.lowerBound - self.rows.lowerBound), lda: self.rows.count,
        byColumn + (columns.lowerBound - self.columns.lowerBound), ldb: self.columns.count,
        beta: 1, start + (rows.lowerBound + columns.lowerBound * lld), ldc: lld)
    }
    chunks.forEach(from: first, rectangle: subtract, diagonal: subtract)
  }
}
