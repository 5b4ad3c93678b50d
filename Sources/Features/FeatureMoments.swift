import Failures

/// Sums over a kernel of features, used to center and normalize its tiles.
///
///     centered:    K_ij - (r_i + r_j) + g,   r the means of K's rows over the training points, g r's mean
///     normalized:  K_ij / sqrt(K_ii K_jj), after the centering
///
/// Centering the kernel is the same as centering the features on the mean of the training points.
/// The test points are centered on that mean, too.
package struct FeatureMoments: Equatable, Sendable {
  package let isCentred: Bool
  package let isNormalized: Bool
  /// The elements K_ii of the training points, [n], and of the test points, [m].
  package let diagonal: [Double]
  package let testDiagonal: [Double]
  /// The means over the training points of the rows of K, for the training points, [n], and the
  /// test points, [m]; empty without centering.
  package let means: [Double]
  package let testMeans: [Double]
  private let grandMean: Double
  /// 1 / sqrt of the centered K_ii; empty without normalization.
  private var scales: [Double]
  private var testScales: [Double]

  /// Errors: a point whose centered features are zero, because it has no direction.
  package init(
    isCentred: Bool, isNormalized: Bool, diagonal: [Double], testDiagonal: [Double],
    means: [Double], testMeans: [Double]
  ) throws(Refusal) {
    (self.isCentred, self.isNormalized) = (isCentred, isNormalized)
    (self.diagonal, self.testDiagonal) = (diagonal, testDiagonal)
    (self.means, self.testMeans) = (means, testMeans)
    grandMean = isCentred ? means.reduce(0, +) / Double(max(means.count, 1)) : 0
    (scales, testScales) = ([], [])
    guard isNormalized else { return }
    scales = try Self.scales(diagonal.indices.map { centred($0, $0, diagonal[$0]) }, "training")
    testScales = try Self.scales(testDiagonal.indices.map(centredTestDiagonal), "test")
  }

  /// 1 / sqrt of the squared norms of the features of `set`.
  private static func scales(_ squares: [Double], _ set: String) throws(Refusal) -> [Double] {
    if let i = squares.firstIndex(where: { !($0 > 0) }) {
      throw Refusal(
        .badData,
        "\(set) point \(i) has features of squared norm \(squares[i]), which cannot be normalized; leave "
          + "the point out, or set features.normalize: false")
    }
    return squares.map { 1 / $0.squareRoot() }
  }

  private func centred(_ i: Int, _ j: Int, _ value: Double) -> Double {
    // The two means are added first, so that (i, j) and (j, i) have the same bits.
    isCentred ? value - (means[i] + means[j]) + grandMean : value
  }

  private func centredTestDiagonal(_ i: Int) -> Double {
    isCentred ? testDiagonal[i] - 2 * testMeans[i] + grandMean : testDiagonal[i]
  }

  /// Element (i, j) of the training kernel, computed from its sum of products.
  package func train(_ i: Int, _ j: Int, _ value: Double) -> Double {
    isNormalized
      ? centred(i, j, value) * (scales[i] * scales[j]) : centred(i, j, value)
  }

  /// The gap K_ii + K_jj - 2 K_ij of two training points, computed from the sum of products of (i, j).
  package func gap(_ i: Int, _ j: Int, _ value: Double) -> Double {
    i == j
      ? 0 : train(i, i, diagonal[i]) + train(j, j, diagonal[j]) - 2 * train(i, j, value)
  }

  /// Element (i, j) of the kernel between test point i and training point j.
  package func test(_ i: Int, _ j: Int, _ value: Double) -> Double {
    let centred = isCentred ? value - testMeans[i] - means[j] + grandMean : value
    return isNormalized ? centred * (testScales[i] * scales[j]) : centred
  }

  /// The kernel of test point i with itself.
  package func testDiagonal(_ i: Int) -> Double {
    isNormalized
      ? centredTestDiagonal(i) * (testScales[i] * testScales[i]) : centredTestDiagonal(i)
  }
}
