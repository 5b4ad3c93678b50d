/// Products of row-major matrices, as needed by attention. Callers that have a BLAS pass their own
/// implementation.
package protocol MatrixProduct: Sendable {
  /// C <- A B, or A B^T if `transposed`. A is m x k and C is m x n; their rows are lda, ldb and ldc
  /// apart.
  func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>,
    ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Double>, ldc: Int)

  /// The product in single precision.
  func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>,
    ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Float>, ldc: Int)
}

/// Matrix products with plain loops.
package struct PlainProduct: MatrixProduct {
  /// Creates the plain product.
  package init() {}

  /// Double precision.
  package func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>,
    ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Double>, ldc: Int
  ) { loops(m, n, k, a, lda, b, ldb, transposed, c, ldc) }

  /// Single precision.
  package func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>,
    ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Float>, ldc: Int
  ) { loops(m, n, k, a, lda, b, ldb, transposed, c, ldc) }

  private func loops<Scalar: BinaryFloatingPoint>(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Scalar>, _ lda: Int,
    _ b: UnsafePointer<Scalar>, _ ldb: Int, _ transposed: Bool, _ c: UnsafeMutablePointer<Scalar>,
    _ ldc: Int
  ) {
    for i in 0..<m {
      let row = c + i * ldc
      row.update(repeating: 0, count: n)
      for l in 0..<k {
        let factor = a[i * lda + l]
        for j in 0..<n { row[j] += factor * (transposed ? b[j * ldb + l] : b[l * ldb + j]) }
      }
    }
  }
}
