/// A number that distributed matrices hold: Double, or Float where half the memory and time are
/// worth half the digits.
public protocol MatrixScalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// Rounds numbers to this type. Local.
  static func round(
    _ source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Self>, count: Int)

  /// Widens numbers of this type. Local.
  static func widen(
    _ source: UnsafePointer<Self>, to target: UnsafeMutablePointer<Double>, count: Int)

  /// Whether an infinity or a NaN is among some numbers. Local.
  static func hasNonFinite(_ numbers: UnsafePointer<Self>, count: Int) -> Bool

  /// C = alpha op(A) B + beta C of local column-major arrays, A being taken as it is.
  ///
  /// Shape: A is m x k, B k x n, C m x n. Local. Source: BLAS ?gemm.
  static func multiply(
    m: Int, n: Int, k: Int, alpha: Self, _ a: UnsafePointer<Self>, lda: Int,
    _ b: UnsafePointer<Self>, ldb: Int, beta: Self, _ c: UnsafeMutablePointer<Self>, ldc: Int)

  /// A = QR of a panel in place; an `lwork` of -1 asks for the size in work[0]. Rows and columns
  /// count from 1. Collective; returns info. Source: ScaLAPACK p?geqrf.
  static func geqrf(
    m: Int32, n: Int32, _ a: UnsafeMutablePointer<Self>, ia: Int32, ja: Int32,
    _ descriptor: [Int32], tau: UnsafeMutablePointer<Self>, work: UnsafeMutablePointer<Self>,
    lwork: Int32
  ) -> Int32

  /// C = A B with the symmetric A in its lower triangle. Collective. Source: PBLAS p?symm.
  static func symm(
    m: Int32, n: Int32, _ a: UnsafePointer<Self>, ia: Int32, _ aDescriptor: [Int32],
    _ b: UnsafePointer<Self>, ib: Int32, _ bDescriptor: [Int32], _ c: UnsafeMutablePointer<Self>,
    ic: Int32, _ cDescriptor: [Int32])

  /// C <- C - A B' - B A' in the lower triangle. Collective. Source: PBLAS p?syr2k.
  static func syr2k(
    n: Int32, k: Int32, _ a: UnsafePointer<Self>, ia: Int32, _ aDescriptor: [Int32],
    _ b: UnsafePointer<Self>, ib: Int32, _ bDescriptor: [Int32], _ c: UnsafeMutablePointer<Self>,
    ic: Int32, _ cDescriptor: [Int32])
}
