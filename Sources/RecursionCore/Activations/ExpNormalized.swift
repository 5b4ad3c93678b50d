import CVector

/// The normalized exponential kernel (Shankar, Fang, Guo, Fridovich-Keil, Schmidt, Ragan-Kelley &
/// Recht 2020, section 4), a map of kernels that does not belong to a single function phi. With
/// gamma, shift, s = sqrt(q1 q2), u = (s - K12) / s and M = exp(gamma (1 + shift)),
///
///     K12 <- s exp(gamma (K12 / s + shift)) = s M exp(-gamma u)
///     k'   = gamma M exp(-gamma u),    deficits s M (1 - exp(-gamma u)), gamma M (1 - exp(-gamma u))
package struct ExpNormalized: Activation {
  package static let name = "exp_normalized"
  package static let sharesLoops = true

  private let gamma: Double
  /// M.
  private let largest: Double

  /// The kernel s exp(gamma (c + shift)).
  package init(gamma: Double = 1, shift: Double = -1) {
    self.gamma = gamma
    largest = ntk_exp(gamma * (1 + shift))
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    let gamma = try parameters.number("gamma", default: 1, atLeast: 0)
    self.init(gamma: gamma, shift: try parameters.number("shift", default: -1))
    let range = Precision.f64.variances
    guard range.contains(largest), gamma == 0 || range.contains(gamma * largest) else {
      throw NetworkError(
        position: parameters.position,
        reason: "gamma exp(gamma (1 + shift)) must lie between \(range.lowerBound) and "
          + "\(range.upperBound); use a smaller gamma, or a shift nearer to -1")
    }
  }

  package func moments(variance: Double) -> Moments {
    Moments(square: largest * variance, derivativeSquare: gamma * largest)
  }

  /// sqrt(q) and its inverse.
  package var imageValueCount: Int { 2 }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let root = variance.squareRoot()
    values[0] = root
    values[1] = root > 0 ? 1 / root : 0
  }

  package var dualIsNonNegative: Bool { true }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let scale = x[0] * y[0]
    let exponent = L(-gamma) * (pair.deficit * (x[1] * y[1]))
    let value = L(largest) * L.exponential(exponent)
    let loss = L(-largest) * L.exponentialMinusOne(exponent)
    return Dual(
      value: Pair(covariance: scale * value, deficit: scale * loss),
      derivative: Pair(covariance: L(gamma) * value, deficit: L(gamma) * loss))
  }
}
