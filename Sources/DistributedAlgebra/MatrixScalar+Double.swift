import BLAS
import CScaLAPACK

extension Double: MatrixScalar {
  /// Rounds, or copies. Local.
  public static func round(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    target.update(from: source, count: count)
  }

  /// Widens, or copies. Local.
  public static func widen(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>, count: Int
  ) {
    target.update(from: source, count: count)
  }

  /// Whether an infinity or a NaN is there. Local.
  public static func hasNonFinite(_ numbers: UnsafePointer<Double>, count: Int) -> Bool {
    let exponent = Double.infinity.bitPattern
    var found = false
    // No early exit, so that the scan is vectorised.
    for index in 0..<count {
      found = found || numbers[index].bitPattern & exponent == exponent
    }
    return found
  }

  /// C = alpha A B + beta C, column-major. Local. Source: dgemm.
  public static func multiply(
    m: Int, n: Int, k: Int, alpha: Double, _ a: UnsafePointer<Double>, lda: Int,
    _ b: UnsafePointer<Double>, ldb: Int, beta: Double, _ c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    // Column-major arrays are the transposes of row-major ones: C' = B' A'.
    dgemm(m: n, n: m, k: k, alpha: alpha, b, lda: ldb, a, ldb: lda, beta: beta, c, ldc: ldc)
  }

  /// A = QR of a panel. Collective. Source: pdgeqrf.
  public static func geqrf(
    m: Int32, n: Int32, _ a: UnsafeMutablePointer<Double>, ia: Int32, ja: Int32,
    _ descriptor: [Int32], tau: UnsafeMutablePointer<Double>, work: UnsafeMutablePointer<Double>,
    lwork: Int32
  ) -> Int32 {
    ntk_pdgeqrf(m, n, a, ia, ja, descriptor, tau, work, lwork)
  }

  /// C = A B. Collective. Source: pdsymm.
  public static func symm(
    m: Int32, n: Int32, _ a: UnsafePointer<Double>, ia: Int32, _ aDescriptor: [Int32],
    _ b: UnsafePointer<Double>, ib: Int32, _ bDescriptor: [Int32],
    _ c: UnsafeMutablePointer<Double>, ic: Int32, _ cDescriptor: [Int32]
  ) {
    ntk_pdsymm_panel(m, n, a, ia, aDescriptor, b, ib, bDescriptor, c, ic, cDescriptor)
  }

  /// C <- C - A B' - B A'. Collective. Source: pdsyr2k.
  public static func syr2k(
    n: Int32, k: Int32, _ a: UnsafePointer<Double>, ia: Int32, _ aDescriptor: [Int32],
    _ b: UnsafePointer<Double>, ib: Int32, _ bDescriptor: [Int32],
    _ c: UnsafeMutablePointer<Double>, ic: Int32, _ cDescriptor: [Int32]
  ) {
    ntk_pdsyr2k_panel(n, k, a, ia, aDescriptor, b, ib, bDescriptor, c, ic, cDescriptor)
  }
}
