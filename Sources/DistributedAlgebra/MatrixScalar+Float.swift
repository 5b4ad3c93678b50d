import BLAS
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

  /// Adds numbers, one by one. Local.
  public static func add(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    for index in 0..<count { target[index] += source[index] }
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

  /// A = QR of a panel. Collective. Source: psgeqrf.
  public static func geqrf(
    m: Int32, n: Int32, _ a: UnsafeMutablePointer<Float>, ia: Int32, ja: Int32,
    _ descriptor: [Int32], tau: UnsafeMutablePointer<Float>, work: UnsafeMutablePointer<Float>,
    lwork: Int32
  ) -> Int32 {
    ntk_psgeqrf(m, n, a, ia, ja, descriptor, tau, work, lwork)
  }
}
