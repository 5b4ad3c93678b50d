import BLAS
import CProducts
import CScaLAPACK
import MessagePassing

extension Float: MatrixScalar {
  /// Rounds, or copies. Local.
  public static func round(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    for index in 0..<count { target[index] = Float(source[index]) }
  }

  /// Widens, or copies. Local.
  public static func widen(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    for index in 0..<count { target[index] = Double(source[index]) }
  }

  /// Whether an infinity or a NaN is there. Local.
  public static func hasNonFinite(_ numbers: UnsafePointer<Float>, count: Int) -> Bool {
    let exponent = Float.infinity.bitPattern
    var found = false
    // No early exit, so that the scan is vectorised.
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
    // Column-major arrays are the transposes of row-major ones: C' = op(B)' op(A)'.
    sgemm(
      transposeB, transposeA, m: n, n: m, k: k, alpha: alpha, b, lda: ldb, a, ldb: lda,
      beta: beta, c, ldc: ldc)
  }

  /// out += a b of small matrices. Local. Source: `CProducts.h`.
  public static func addProduct(
    m: Int, n: Int, k: Int, to out: UnsafeMutablePointer<Float>, stride: Int,
    _ a: UnsafePointer<Float>, rowStride: Int, columnStride: Int, _ b: UnsafePointer<Float>,
    rowStride bStride: Int
  ) {
    ntk_add_product_f32(m, n, k, out, stride, a, rowStride, columnStride, b, bStride)
  }

  /// out += a b of small matrices, out in double precision. Local. Source: `CProducts.h`.
  public static func addProduct(
    m: Int, n: Int, k: Int, toWide out: UnsafeMutablePointer<Double>, stride: Int,
    _ a: UnsafePointer<Float>, rowStride: Int, columnStride: Int, _ b: UnsafePointer<Float>,
    rowStride bStride: Int
  ) {
    ntk_add_wide_product_f32(m, n, k, out, stride, a, rowStride, columnStride, b, bStride)
  }

  /// target = source' of a matrix whose rows lie `stride` apart. Local.
  public static func transpose(
    rows: Int, columns: Int, _ source: UnsafePointer<Float>, stride: Int,
    to target: UnsafeMutablePointer<Float>, stride targetStride: Int
  ) {
    ntk_transpose_f32(rows, columns, source, stride, target, targetStride)
  }

  /// Copies numbers with the other sign. Local.
  public static func negate(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    for index in 0..<count { target[index] = -source[index] }
  }

  /// A = QR of a panel. Collective. Source: psgeqrf.
  public static func geqrf(
    m: Int32, n: Int32, _ a: UnsafeMutablePointer<Float>, ia: Int32, ja: Int32,
    _ descriptor: [Int32], tau: UnsafeMutablePointer<Float>, work: UnsafeMutablePointer<Float>,
    lwork: Int32
  ) -> Int32 {
    ntk_psgeqrf(m, n, a, ia, ja, descriptor, tau, work, lwork)
  }
}
