import BLAS
import MessagePassing

/// A number type for the elements of distributed matrices: Double, or Float to halve memory and time at the cost of
/// half the digits.
public protocol MatrixScalar: BinaryFloatingPoint, Reducible, Sendable {
  /// Rounds double-precision numbers to this type. Local.
  static func round(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Self>, count: Int)

  /// Widens numbers of this type to double precision. Local.
  static func widen(
    _ source: UnsafePointer<Self>, to target: UnsafeMutablePointer<Double>, count: Int)

  /// Whether the array contains an infinity or a NaN. Local.
  static func hasNonFinite(_ numbers: UnsafePointer<Self>, count: Int) -> Bool

  /// C = alpha op(A) op(B) + beta C for local column-major arrays.
  ///
  /// Shape: op(A) is m x k, op(B) is k x n, and C is m x n. Local. Source: BLAS ?gemm.
  static func multiply(
    _ transposeA: Operation, _ transposeB: Operation, m: Int, n: Int, k: Int, alpha: Self,
    _ a: UnsafePointer<Self>, lda: Int, _ b: UnsafePointer<Self>, ldb: Int, beta: Self,
    _ c: UnsafeMutablePointer<Self>, ldc: Int)

  /// out += a b for matrices that lie in the caches, without copying them.
  ///
  /// Shape: `out` is m x n with element (i, j) at `i * stride + j`; `a` is m x k with element (i, p) at
  /// `i * rowStride + p * columnStride`; `b` is k x n with element (p, j) at `p * bStride + j`. The rows of `b` must be
  /// readable up to a multiple of 64 bytes. Local. Source: `CProducts.h`.
  static func addProduct(
    m: Int, n: Int, k: Int, to out: UnsafeMutablePointer<Self>, stride: Int,
    _ a: UnsafePointer<Self>, rowStride: Int, columnStride: Int, _ b: UnsafePointer<Self>,
    rowStride bStride: Int)

  /// out += a b as above, but the result, and sums of more than 256 products, are in double precision.
  static func addProduct(
    m: Int, n: Int, k: Int, toWide out: UnsafeMutablePointer<Double>, stride: Int,
    _ a: UnsafePointer<Self>, rowStride: Int, columnStride: Int, _ b: UnsafePointer<Self>,
    rowStride bStride: Int)

  /// target = source' for a matrix whose rows lie `stride` elements apart. Local.
  static func transpose(
    rows: Int, columns: Int, _ source: UnsafePointer<Self>, stride: Int,
    to target: UnsafeMutablePointer<Self>, stride targetStride: Int)

  /// Copies numbers with their signs reversed. Local.
  static func negate(
    _ source: UnsafePointer<Self>, to target: UnsafeMutablePointer<Self>, count: Int)

  /// Computes A = QR for a panel in place. If `lwork` is -1, returns the required workspace size in work[0] instead.
  /// Rows and columns count from 1. Collective; returns info. Source: ScaLAPACK p?geqrf.
  static func geqrf(
    m: Int32, n: Int32, _ a: UnsafeMutablePointer<Self>, ia: Int32, ja: Int32,
    _ descriptor: [Int32], tau: UnsafeMutablePointer<Self>, work: UnsafeMutablePointer<Self>,
    lwork: Int32
  ) -> Int32
}
