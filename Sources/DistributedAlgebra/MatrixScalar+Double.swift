import BLAS
import CProducts
import CScaLAPACK
import MessagePassing

extension Double: MatrixScalar {
  /// Copies the numbers; no rounding is needed. Local.
  public static func round(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    target.update(from: source, count: count)
  }

  /// Copies the numbers; no widening is needed. Local.
  public static func widen(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    target.update(from: source, count: count)
  }

  /// Whether the array contains an infinity or a NaN. Local.
  public static func hasNonFinite(_ numbers: UnsafePointer<Double>, count: Int) -> Bool {
    let exponent = Double.infinity.bitPattern
    var found = false
    // There is no early exit, so that the compiler can vectorize the loop.
    for index in 0..<count {
      found = found || numbers[index].bitPattern & exponent == exponent
    }
    return found
  }

  /// C = alpha op(A) op(B) + beta C, column-major. Local. Source: dgemm.
  public static func multiply(
    _ transposeA: Operation, _ transposeB: Operation, m: Int, n: Int, k: Int, alpha: Double,
    _ a: UnsafePointer<Double>, lda: Int, _ b: UnsafePointer<Double>, ldb: Int, beta: Double,
    _ c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    // Read as row-major, column-major arrays are transposed: C' = op(B)' op(A)'.
    dgemm(
      transposeB, transposeA, m: n, n: m, k: k, alpha: alpha, b, lda: ldb, a, ldb: lda,
      beta: beta, c, ldc: ldc)
  }

  /// out += a b for small matrices. Local. Source: `CProducts.h`.
  public static func addProduct(
    m: Int, n: Int, k: Int, to out: UnsafeMutablePointer<Double>, stride: Int,
    _ a: UnsafePointer<Double>, rowStride: Int, columnStride: Int, _ b: UnsafePointer<Double>,
    rowStride bStride: Int
  ) {
    ntk_add_product_f64(m, n, k, out, stride, a, rowStride, columnStride, b, bStride)
  }

  /// out += a b for small matrices. Local. Source: `CProducts.h`.
  public static func addProduct(
    m: Int, n: Int, k: Int, toWide out: UnsafeMutablePointer<Double>, stride: Int,
    _ a: UnsafePointer<Double>, rowStride: Int, columnStride: Int, _ b: UnsafePointer<Double>,
    rowStride bStride: Int
  ) {
    ntk_add_product_f64(m, n, k, out, stride, a, rowStride, columnStride, b, bStride)
  }

  /// target = source' for a matrix whose rows lie `stride` elements apart. Local.
  public static func transpose(
    rows: Int, columns: Int, _ source: UnsafePointer<Double>, stride: Int,
    to target: UnsafeMutablePointer<Double>, stride targetStride: Int
  ) {
    ntk_transpose_f64(rows, columns, source, stride, target, targetStride)
  }

  /// Copies numbers with their signs reversed. Local.
  public static func negate(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    for index in 0..<count { target[index] = -source[index] }
  }

  /// Computes A = QR for a panel. Collective. Source: pdgeqrf.
  public static func geqrf(
    m: Int32, n: Int32, _ a: UnsafeMutablePointer<Double>, ia: Int32, ja: Int32,
    _ descriptor: [Int32], tau: UnsafeMutablePointer<Double>, work: UnsafeMutablePointer<Double>,
    lwork: Int32
  ) -> Int32 {
    ntk_pdgeqrf(m, n, a, ia, ja, descriptor, tau, work, lwork)
  }
}
