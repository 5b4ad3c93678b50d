/// phi(x) = a exp(b x^2), with amplitude a and rate b. With p = -2 b,
///
///     E = (1 + p q1)(1 + p q2) - p^2 K12^2 = (E1 + E2) / 2 + p^2 d (s + K12),    E_i = 1 + 2 p q_i
///     E[phi phi]   = a^2 E^(-1/2)
///     E[phi' phi'] = a^2 p^2 K12 E^(-3/2)
///
/// where s = sqrt(q1 q2) and d = s - K12. With m = (E1 E2)^(1/4), the deficits are
///
///     y = 1/m - E^(-1/2) = (E - m^2) / (m sqrt E (m + sqrt E)),
///     E - m^2 = p^2 d (s + K12) + (sqrt E1 - sqrt E2)^2 / 2,
///     s / m^3 - K12 E^(-3/2) = s y (m^-2 + m^-1 E^(-1/2) + 1/E) + d E^(-3/2)
///
/// which are sums of positive terms. For a positive rate, a second moment exists only if 4 b q < 1.
package struct Gaussian: Activation {
  package static let name = "gaussian"
  package static let sharesLoops = true

  /// a in a exp(b x^2).
  package let amplitude: Double
  /// b.
  package let rate: Double

  /// phi(x) = a exp(b x^2).
  package init(amplitude: Double = 1, rate: Double = -1) {
    self.amplitude = amplitude
    self.rate = rate
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    amplitude = try parameters.factor("amplitude")
    rate = try parameters.factor("rate", default: -1)
  }

  /// 2 p q, and E.
  private func own(_ variance: Double) -> (twice: Double, e: Double) {
    let twice = -4 * rate * variance
    return (twice, 1 + twice)
  }

  package func moments(variance: Double) -> Moments {
    let (_, e) = own(variance)
    let square = amplitude * amplitude / e.squareRoot()
    return Moments(square: square, derivativeSquare: square * 4 * rate * rate * variance / e)
  }

  /// For a positive rate, E must keep its digits. Otherwise, a relative error of p q eps arises at
  /// opposite images.
  package func largestVariance(_ precision: Precision) -> Double {
    if rate > 0 { return (precision == .f64 ? 1 - 1e-3 : 1 - 1e-2) / (4 * rate) }
    return (precision == .f64 ? 1e8 : 1e4) / abs(rate)
  }

  package var imageValueCount: Int { Value.allCases.count }

  /// The values of an image.
  enum Value: Int, CaseIterable {
    /// E / 2, and sqrt(E) - 1.
    case halfE, excess
    /// sqrt(|p| q).
    case root
    /// E^(1/4) and its inverse.
    case fourthRootE, inverseFourthRootE
  }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let (twice, e) = own(variance)
    let rootE = e.squareRoot()
    func set(_ value: Value, _ number: Double) { values[value.rawValue] = number }
    set(.halfE, e / 2)
    set(.excess, twice / (1 + rootE))
    set(.root, (abs(twice) / 2).squareRoot())
    set(.fourthRootE, rootE.squareRoot())
    set(.inverseFourthRootE, 1 / rootE.squareRoot())
  }

  package var dualIsNonNegative: Bool { true }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    @inline(__always) func product(_ v: Value) -> L { x[v.rawValue] * y[v.rawValue] }
    let p = L(2 * abs(rate))
    let (scale, covariance, deficit) = (product(.root), p * pair.covariance, p * pair.deficit)

    let excess = deficit * L.max(scale + covariance, L(0))
    let unequal = x[Value.excess.rawValue] - y[Value.excess.rawValue]
    let rootE = (x[Value.halfE.rawValue] + y[Value.halfE.rawValue] + excess).squareRoot()
    let meanE = product(.fourthRootE)
    let inverse = L(1) / (rootE * (rootE + meanE))
    let inverseRootE = inverse * (rootE + meanE)
    let inverseMeanE = product(.inverseFourthRootE)
    let distance = excess.adding(L(0.5) * unequal, times: unequal) * inverse * inverseMeanE

    let inverseE = inverseRootE * inverseRootE
    let cube = inverseE * inverseRootE
    let sum = inverseE.adding(inverseMeanE, times: inverseMeanE + inverseRootE)
    let square = L(amplitude * amplitude)
    let slope = L(amplitude * amplitude * 2 * abs(rate))
    return Dual(
      value: Pair(covariance: square * inverseRootE, deficit: square * distance),
      derivative: Pair(
        covariance: slope * (covariance * cube),
        deficit: slope * (deficit * cube).adding(scale * distance, times: sum)))
  }
}
