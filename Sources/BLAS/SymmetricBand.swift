import COpenBLAS

/// A symmetric matrix whose elements are zero outside a few diagonals.
///
/// Shape: element (i, j), j <= i <= j + bandwidth, is `elements[i - j + j * (bandwidth + 1)]`.
public struct SymmetricBand: Sendable {
  /// The order.
  public let n: Int
  /// The diagonals below the main one.
  public let bandwidth: Int
  /// The lower triangle, column after column.
  public var elements: [Double]

  /// A band of zeros.
  public init(n: Int, bandwidth: Int) {
    self.n = n
    self.bandwidth = bandwidth
    elements = [Double](repeating: 0, count: n * (bandwidth + 1))
  }

  /// All eigenvalues, ascending.
  ///
  /// Local, on one core: 6 n^2 bandwidth floating-point operations.
  ///
  /// - Parameter progress: is given the part of the operations that is done, now and then.
  ///
  /// Errors: no convergence.
  ///
  /// Source: `BulgeChase`; LAPACK dsterf.
  public consuming func eigenvalues(
    progress: (Double) -> Void = { _ in }
  ) throws(BLASError) -> [Double] {
    let order = Int32(n)
    guard n > 0 else { return [] }
    var none: [Double] = []
    var matrix = try tridiagonal(turning: &none, columns: 0, progress: progress)
    let info = ntk_dsterf(order, &matrix.diagonal, &matrix.beside)
    guard info == 0 else { throw .failed(routine: "dsterf", info: Int(info)) }
    return matrix.diagonal
  }
}
