import COpenBLAS

/// A symmetric matrix whose elements are zero outside a band around the diagonal.
///
/// Shape: element (i, j), j <= i <= j + bandwidth, is `elements[i - j + j * (bandwidth + 1)]`.
public struct SymmetricBand: Sendable {
  /// The order of the matrix.
  public let n: Int
  /// The number of diagonals below the main diagonal.
  public let bandwidth: Int
  /// The band's lower triangle, column by column.
  public var elements: [Double]

  /// A band of zeros.
  public init(n: Int, bandwidth: Int) {
    self.n = n
    self.bandwidth = bandwidth
    elements = [Double](repeating: 0, count: n * (bandwidth + 1))
  }

  /// All eigenvalues, in ascending order.
  ///
  /// Local, on one core: 6 n^2 bandwidth floating-point operations.
  ///
  /// - Parameter progress: Called now and then with the completed fraction of the operations.
  ///
  /// Errors: the iteration does not converge.
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
