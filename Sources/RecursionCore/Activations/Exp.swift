import CVector

/// phi(x) = a exp(b x), with amplitude a and rate b. With g_i = exp(b^2 q_i) and
/// z = b^2 ((q1 + q2) / 2 - K12) = b^2 d + b^2 (sqrt q1 - sqrt q2)^2 / 2,
///
///     E[phi phi] = a^2 g1 g2 exp(-z),    E[phi' phi'] = b^2 E[phi phi]
///
/// and the deficits are a^2 g1 g2 (1 - exp(-z)) and b^2 times this deficit.
package struct Exp: Activation {
  package static let name = "exp"
  package static let sharesLoops = true

  /// a in a exp(b x).
  package let amplitude: Double
  /// b.
  package let rate: Double

  /// phi(x) = a exp(b x).
  package init(amplitude: Double = 1, rate: Double = 1) {
    self.amplitude = amplitude
    self.rate = rate
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    amplitude = try parameters.factor("amplitude")
    rate = try parameters.factor("rate")
  }

  package func moments(variance: Double) -> Moments {
    let growth = ntk_exp(rate * rate * variance)
    let square = amplitude * growth * amplitude * growth
    return Moments(square: square, derivativeSquare: rate * rate * square)
  }

  /// The variance at which exp(2 b^2 q) is the lanes' largest variance.
  package func largestVariance(_ precision: Precision) -> Double {
    (precision == .f64 ? 172 : 20) / (rate * rate)
  }

  /// |a| g and b sqrt(q / 2).
  package var imageValueCount: Int { 2 }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    values[0] = abs(amplitude) * ntk_exp(rate * rate * variance)
    values[1] = rate * (variance / 2).squareRoot()
  }

  package var dualIsNonNegative: Bool { true }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let square = L(rate * rate)
    let difference = x[1] - y[1]
    let exponent = L(0) - (square * pair.deficit).adding(difference, times: difference)
    let largest = x[0] * y[0]
    let value = Pair(
      covariance: largest * L.exponential(exponent),
      deficit: L(0) - largest * L.exponentialMinusOne(exponent))
    return Dual(
      value: value,
      derivative: Pair(covariance: square * value.covariance, deficit: square * value.deficit))
  }
}
