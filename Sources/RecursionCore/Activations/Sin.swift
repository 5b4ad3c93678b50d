import CVector

/// phi(x) = a sin(b x + c), with amplitude a, frequency b and phase c (Rahimi & Recht 2007: the
/// mean over c is the Gaussian kernel). With z = b^2 q, s = sqrt(q1 q2), d = s - K12,
///
///     gamma = b^2 E[(u - v)^2] / 2 = b^2 (sqrt q1 - sqrt q2)^2 / 2 + b^2 d
///     sigma = b^2 E[(u + v)^2] / 2 = b^2 (sqrt q1 - sqrt q2)^2 / 2 + b^2 (s + K12)
///     E[phi phi]   = a^2 / 2     (e^-gamma - cos 2c e^-sigma)
///     E[phi' phi'] = a^2 b^2 / 2 (e^-gamma + cos 2c e^-sigma)
///
/// Let m be the smaller one of gamma and sigma; the larger one is m + 2 b^2 |K12|. Factoring out
/// e^-m leaves 2 sin^2 c +- t and 2 cos^2 c -+ t with t = 1 - exp(-2 b^2 |K12|), so that small
/// covariances keep their digits. For the deficits, with A_i = 1 - cos 2c exp(-2 z_i),
///
///     sqrt(A1 A2) - (e^-gamma - cos 2c e^-sigma) = (1 - e^-gamma) (1 + cos 2c e^-sigma)
///       - cos 2c (e^-z1 - e^-z2)^2 / (sqrt(A1 A2) + 1 - cos 2c e^-(z1 + z2))
///
/// The derivative has the same formula with the opposite sign of cos 2c. The second term vanishes
/// with the difference of the variances. If it reduces the first term, the error of the deficit is
/// a few eps times the first term. Relative to the deficit, this is eps for equal variances, and
/// eps / z^2 for parallel images of different variances in the range where sin is linear.
package struct Sin: Activation {
  package static let name = "sin"

  /// a in a sin(b x + c).
  package let amplitude: Double
  /// b.
  package let frequency: Double
  /// sin^2 c and cos^2 c, and their difference cos 2c.
  let sineSquared, cosineSquared, doubledCosine: Double

  /// phi(x) = a sin(b x + c).
  package init(amplitude: Double = 1, frequency: Double = 1, phase: Double = 0) {
    self.init(
      amplitude: amplitude, frequency: frequency, sine: ntk_sin(phase), cosine: ntk_cos(phase))
  }

  /// phi(x) = a sin(b x + c), given the sine and the cosine of c.
  init(amplitude: Double, frequency: Double, sine: Double, cosine: Double) {
    self.amplitude = amplitude
    self.frequency = frequency
    sineSquared = sine * sine
    cosineSquared = cosine * cosine
    doubledCosine = cosineSquared - sineSquared
  }

  /// phi(x) = sqrt(2) sin(sqrt(2 gamma) x + pi/4).
  init(gaussianKernel gamma: Double) {
    amplitude = 2.squareRoot()
    frequency = (2 * gamma).squareRoot()
    (sineSquared, cosineSquared, doubledCosine) = (0.5, 0.5, 0)
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    self.init(
      amplitude: try parameters.factor("amplitude"),
      frequency: try parameters.factor("frequency"),
      phase: try parameters.number("phase", default: 0))
  }

  package func moments(variance: Double) -> Moments {
    let square = amplitude * amplitude / 2
    let (value, derivative) = largest(variance)
    return Moments(
      square: square * value, derivativeSquare: square * frequency * frequency * derivative)
  }

  /// 1 - cos 2c exp(-2 z) and 1 + cos 2c exp(-2 z), as sums of positive terms.
  private func largest(_ variance: Double) -> (value: Double, derivative: Double) {
    let change = doubledCosine * ntk_expm1(-2 * frequency * frequency * variance)
    return (2 * sineSquared - change, 2 * cosineSquared + change)
  }

  /// For different variances, the exponents have an error of b^2 q eps.
  package func largestVariance(_ precision: Precision) -> Double {
    (precision == .f64 ? 1e13 : 1e5) / (frequency * frequency)
  }

  package var imageValueCount: Int { Value.allCases.count }

  /// The values of an image.
  enum Value: Int, CaseIterable {
    /// b sqrt(q / 2).
    case root
    /// 1 - e^-z.
    case decay
    /// The roots of 1 - cos 2c exp(-2 z) and of 1 + cos 2c exp(-2 z).
    case rootValue, rootDerivative
  }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let z = frequency * frequency * variance
    let (value, derivative) = largest(variance)
    func set(_ value: Value, _ number: Double) { values[value.rawValue] = number }
    set(.root, (z / 2).squareRoot())
    set(.decay, -ntk_expm1(-z))
    set(.rootValue, value.squareRoot())
    set(.rootDerivative, derivative.squareRoot())
  }

  package var dualIsNonNegative: Bool { doubledCosine <= 0 }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    @inline(__always) func product(_ v: Value) -> L { x[v.rawValue] * y[v.rawValue] }
    @inline(__always) func difference(_ v: Value) -> L { x[v.rawValue] - y[v.rawValue] }
    let zero = L(0)
    let cosine = L(doubledCosine)
    let (twiceSine, twiceCosine) = (L(2 * sineSquared), L(2 * cosineSquared))
    let squaredFrequency = L(frequency * frequency)
    let covariance = squaredFrequency * pair.covariance
    let scale = L(2) * product(.root)

    // e^-m and 1 - e^-m of the smaller exponent m, and 1 - e^-n of the larger exponent n, as sums
    // of positive terms.
    let rootDifference = difference(.root)
    let least = L.max(L.min(squaredFrequency * pair.deficit, scale + covariance), zero)
    let exponent = zero - least.adding(rootDifference, times: rootDifference)
    let decayed = L.exponential(exponent)
    let near = zero - L.exponentialMinusOne(exponent)
    let t = zero - L.exponentialMinusOne(L(-2) * covariance.magnitude())
    let far = near.adding(decayed, times: t)
    let lossGamma = L.select(covariance, lessThan: zero, far, else: near)
    let lossSigma = L.select(covariance, lessThan: zero, near, else: far)

    let value =
      decayed
      * twiceSine.adding(
        L.select(covariance, lessThan: zero, L(-1), else: cosine), times: t)
    let derivative =
      decayed
      * twiceCosine.adding(
        L.select(covariance, lessThan: zero, L(-1), else: zero - cosine), times: t)

    // 1 - e^-(z1 + z2), and cos 2c (e^-z1 - e^-z2)^2.
    let (decayX, decayY) = (x[Value.decay.rawValue], y[Value.decay.rawValue])
    let decaySum = decayX + decayY - decayX * decayY
    let decayDifference = decayX - decayY
    let unequal = cosine * decayDifference * decayDifference
    let cosineDecay = cosine * decaySum
    let cosineSigma = cosine * lossSigma
    let square = L(amplitude * amplitude / 2)
    let derivativeSquare = L(amplitude * amplitude / 2 * frequency * frequency)
    return Dual(
      value: Pair(
        covariance: square * value,
        deficit: square
          * Self.deficit(
            lossGamma * (twiceCosine - cosineSigma), zero - unequal, value,
            largest: product(.rootValue), meanLargest: twiceSine + cosineDecay)),
      derivative: Pair(
        covariance: derivativeSquare * derivative,
        deficit: derivativeSquare
          * Self.deficit(
            lossGamma * (twiceSine + cosineSigma), unequal, derivative,
            largest: product(.rootDerivative), meanLargest: twiceCosine - cosineDecay)))
  }

  /// `first` + `unequal` / (`largest` + `meanLargest`). If the first term exceeds the largest
  /// covariance (very different variances), the function returns the difference of the two
  /// covariances instead. The error is a few eps times the smaller of the two, and never changes
  /// the sign.
  @inline(__always)
  private static func deficit<L: Lanes>(
    _ first: L, _ unequal: L, _ covariance: L, largest: L, meanLargest: L
  ) -> L {
    let sum = first + unequal / L.max(largest + meanLargest, L(1e-37))
    return L.max(L.select(largest, lessThan: first, largest - covariance, else: sum), L(0))
  }
}
