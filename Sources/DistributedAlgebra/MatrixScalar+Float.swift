import BLAS
import CScaLAPACK

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

  /// C = alpha A B + beta C, column-major. Local. Source: sgemm.
  public static func multiply(
    m: Int, n: Int, k: Int, alpha: Float, _ a: UnsafePointer<Float>, lda: Int,
    _ b: UnsafePointer<Float>, ldb: Int, beta: Float, _ c: UnsafeMutablePointer<Float>, ldc: Int
  ) {
    // Column-major arrays are the transposes of row-major ones: C' = B' A'.
    sgemm(m: n, n: m, k: k, alpha: alpha, b, lda: ldb, a, ldb: lda, beta: beta, c, ldc: ldc)
  }

  /// A = QR of a panel. Collective. Source: psgeqrf.
  public static func geqrf(
    m: Int32, n: Int32, _ a: UnsafeMutablePointer<Float>, ia: Int32, ja: Int32,
    _ descriptor: [Int32], tau: UnsafeMutablePointer<Float>, work: UnsafeMutablePointer<Float>,
    lwork: Int32
  ) -> Int32 {
    ntk_psgeqrf(m, n, a, ia, ja, descriptor, tau, work, lwork)
  }

  /// C = A B. Collective. Source: pssymm.
  public static func symm(
    m: Int32, n: Int32, _ a: UnsafePointer<Float>, ia: Int32, _ aDescriptor: [Int32],
    _ b: UnsafePointer<Float>, ib: Int32, _ bDescriptor: [Int32],
    _ c: UnsafeMutablePointer<Float>, ic: Int32, _ cDescriptor: [Int32]
  ) {
    ntk_pssymm_panel(m, n, a, ia, aDescriptor, b, ib, bDescriptor, c, ic, cDescriptor)
  }

  /// C <- C - A B' - B A'. Collective. Source: pssyr2k.
  public static func syr2k(
    n: Int32, k: Int32, _ a: UnsafePointer<Float>, ia: Int32, _ aDescriptor: [Int32],
    _ b: UnsafePointer<Float>, ib: Int32, _ bDescriptor: [Int32],
    _ c: UnsafeMutablePointer<Float>, ic: Int32, _ cDescriptor: [Int32]
  ) {
    ntk_pssyr2k_panel(n, k, a, ia, aDescriptor, b, ib, bDescriptor, c, ic, cDescriptor)
  }
}
