/// The two dense routines that ZCA needs, with the arguments of BLAS and LAPACK.
///
/// Matrices are column-major, and leading dimensions count elements.
public protocol LinearAlgebra {
  /// C <- alpha op(A) op(B) + beta C, where op optionally transposes, C is m x n and op(A) is m x k.
  ///
  /// Local. Source: BLAS dgemm.
  func dgemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    alpha: Double, a: UnsafePointer<Double>, lda: Int,
    b: UnsafePointer<Double>, ldb: Int,
    beta: Double, c: UnsafeMutablePointer<Double>, ldc: Int)

  /// Replaces the symmetric n x n matrix A by its orthonormal eigenvectors, one per column, and
  /// writes the eigenvalues, in ascending order, to `w`.
  ///
  /// Local. Returns LAPACK's `info`: 0 for success. Source: LAPACK dsyevd, jobz = 'V'.
  func dsyevd(n: Int, a: UnsafeMutablePointer<Double>, w: UnsafeMutablePointer<Double>) -> Int
}
