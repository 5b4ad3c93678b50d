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
  /// Errors: workspace beyond 32-bit LAPACK, no convergence.
  ///
  /// Source: LAPACK dsytrd_sb2st (bulge chasing; Haidar, Ltaief and Dongarra 2011), dsterf.
  public consuming func eigenvalues() throws(BLASError) -> [Double] {
    guard n > 0 else { return [] }
    let limit = Int(Int32.max)
    guard n * (bandwidth + 1) <= limit, n * (2 * bandwidth + 1) + bandwidth <= limit else {
      throw .tooLarge(routine: "dsytrd_sb2st", n: n)
    }
    let (order, width) = (Int32(n), Int32(bandwidth))
    var diagonal = [Double](repeating: 0, count: n)
    var beside = [Double](repeating: 0, count: max(n, 1))
    var (houseSize, workSize) = (0.0, 0.0)
    let query = ntk_dsytrd_sb2st(
      order, width, &elements, width + 1, &diagonal, &beside, &houseSize, -1, &workSize, -1)
    guard query == 0 else { throw .failed(routine: "dsytrd_sb2st", info: Int(query)) }
    // Sizes come back as doubles and may have been rounded down.
    var house = [Double](repeating: 0, count: Int(houseSize.rounded(.up)) + 1)
    var work = [Double](repeating: 0, count: Int(workSize.rounded(.up)) + 1)
    let reduced = ntk_dsytrd_sb2st(
      order, width, &elements, width + 1, &diagonal, &beside, &house, Int32(house.count), &work,
      Int32(work.count))
    guard reduced == 0 else { throw .failed(routine: "dsytrd_sb2st", info: Int(reduced)) }
    let info = ntk_dsterf(order, &diagonal, &beside)
    guard info == 0 else { throw .failed(routine: "dsterf", info: Int(info)) }
    return diagonal
  }
}
