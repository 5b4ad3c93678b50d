import BLAS
import Datasets

/// The dense routines that whitening needs, implemented with OpenBLAS.
struct OpenBLASAlgebra: LinearAlgebra {
  func dgemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, alpha: Double,
    a: UnsafePointer<Double>, lda: Int, b: UnsafePointer<Double>, ldb: Int, beta: Double,
    c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    // Column-major C = op(A) op(B) is row-major C' = op(B)' op(A)'.
    BLAS.dgemm(
      transposeB ? .transpose : .none, transposeA ? .transpose : .none, m: n, n: m, k: k,
      alpha: alpha, b, lda: ldb, a, ldb: lda, beta: beta, c, ldc: ldc)
  }

  func dsyevd(
    n: Int, a: UnsafeMutablePointer<Double>, w: UnsafeMutablePointer<Double>
  ) -> Int {
    let matrix = Array(UnsafeBufferPointer(start: a, count: n * n))
    // Row j of the result is an eigenvector, which is column j in column-major order.
    guard let (values, vectors) = try? symmetricEigenpairs(of: matrix, n: n) else { return 1 }
    w.update(from: values, count: n)
    a.update(from: vectors, count: n * n)
    return 0
  }
}
