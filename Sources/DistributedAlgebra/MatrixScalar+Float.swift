import BLAS
import CProducts
import CScaLAPACK
import MessagePassing

extension Float: MatrixScalar {
  /// Rounds numbers to single precision. Local.
  public static func round(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    for index in 0..<count { target[index] = Float(source[index]) }
  }

  /// Widens numbers to double precision. Local.
  public static func widen(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    for index in 0..<count { target[index] = Double(source[index]) }
  }

  /// Whether the array contains an infinity or a NaN. Local.
  public static func hasNonFinite(_ numbers: UnsafePointer<Float>, count: Int) -> Bool {
    let exponent = Float.infinity.bitPattern
    var found = false
    // There is no early exit, so that the compiler can vectorize the loop.
    for index in 0..<count {
      found = found || numbers[index].bitPattern & exponent == exponent
    }
    return found
  }

  /// C = alpha op(A) op(B) + beta C, column-major. Local. Source: sgemm.
  public static func multiply(
    _ transposeA: Operation, _ transposeB: Operation, m: Int, n: Int, k: Int, alpha: Float,
    _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int, beta: Float,
    _ c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    // Read as row-major, column-major arrays are transposed: C' = op(B)' op(A)'.
    sgemm(
      transposeB, transposeA, m: n, n: m, k: k, alpha: alpha, b, lda: ldb, a, ldb: lda,
      beta: beta, c, ldc: ldc)
  }

  /// out += a b for small matrices. Local. Source: `CProducts.h`.
  public static func addProduct(
    m: Int, n: Int, k: Int, to out: UnsafeMutablePointer<Float>, stride: Int,
    _ a: UnsafePointer<Float>, rowStride: Int, columnStride: Int, _ b: UnsafePointer<Float>,
    rowStride bStride: Int
  ) {
    ntk_add_product_f32(m, n, k, out, stride, a, rowStride, columnStride, b, bStride)
  }

  /// out += a b for small matrices, with `out` in double precision. Local. Source: `CProducts.h`.
  public static func addProduct(
    m: Int, n: Int, k: Int, toWide out: UnsafeMutablePointer<Double>, stride: Int,
    _ a: UnsafePointer<Float>, rowStride: Int, columnStride: Int, _ b: UnsafePointer<Float>,
    rowStride bStride: Int
  ) {
    ntk_add_wide_product_f32(m, n, k, out, stride, a, rowStride, columnStride, b, bStride)
  }

  /// target = source' for a matrix whose rows lie `stride` elements apart. Local.
  public static func transpose(
    rows: Int, columns: Int, _ source: UnsafePointer<Float>, stride: Int,
    to target: UnsafeMutablePointer<Float>, stride targetStride: Int
  ) {
    ntk_transpose_f32(rows, columns, source, stride, target, targetStride)
  }

  /// Copies numbers with their signs reversed. Local.
  public static func negate(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    for index in 0..<count { target[index] = -source[index] }
  }

  /// Computes A = QR for a panel. Collective. Source: psgeqrf.
  public static func geqrf(
    m: Int32, n: Int32, _ a: UnsafeMutablePointer<Float>, ia: Int32, ja: Int32,
    _ descriptor: [Int32], tau: UnsafeMutablePointer<Float>, work: UnsafeMutablePointer<Float>,
    lwork: Int32
  ) -> Int32 {
    ntk_psgeqrf(m, n, a, ia, ja, descriptor, tau, work, lwork)
  }
}
