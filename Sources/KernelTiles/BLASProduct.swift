import BLAS
import RecursionCore

/// The matrix products of the recursion core, computed by BLAS.
struct BLASProduct: MatrixProduct {
  func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>,
    ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    dgemm(
      .none, transposed ? .transpose : .none, m: m, n: n, k: k, alpha: 1, a, lda: lda, b, ldb: ldb,
      c, ldc: ldc)
  }

  func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>,
    ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    sgemm(
      .none, transposed ? .transpose : .none, m: m, n: n, k: k, alpha: 1, a, lda: lda, b, ldb: ldb,
      c, ldc: ldc)
  }
}
