import CVector

/// phi(x) = exp(-x^2) sin(x), the imaginary part of a Gaussian (neural-tangents' `Gabor`).
/// `GaborPair` computes the duals and their losses relative to parallel images of the mean
/// variance. Let m be the mean of the two images' own values, E_i = 1 + 4 q_i, and M the mean of
/// E_1 and E_2. The difference between m and the value at the mean variance is
///
///     (g(1/E1) + g(1/E2)) / 2 - g(1/M),    g(y) = sum_j g_j y^(j + 1/2)
///
/// where the own values of phi and of phi' are, with f = exp((y - 1) / 2),
///
///     g(y) = y^(1/2) (1 - f) / 2   and   g(y) = y^(1/2) (2 - y + (y^2 + y - 1) f) / 2
///
/// (`MeanOfPowers`). The deficit is m - E[phi phi] minus half the squared difference of the roots
/// of both own values, with an error of a few eps times these terms. For parallel images of
/// different small variances, where phi is nearly linear, this error is eps / q^2 relative to the
/// deficit.
package struct Gabor: Activation {
  package static let name = "gabor"
  package static let sharesLoops = true

  /// g_j of phi and of phi'.
  private let value, slope: [Double]
  private static let terms = (single: 9, double: 16)

  /// Gabor has no parameters.
  package init() {
    // The coefficients of f as a power series in y.
    var powers = [ntk_exp(-0.5)]
    for j in 1..<Self.terms.double { powers.append(powers[j - 1] / Double(2 * j)) }
    func power(_ j: Int) -> Double { j < 0 ? 0 : powers[j] }
    value = powers.indices.map { (($0 == 0 ? 1 : 0) - power($0)) / 2 }
    slope = powers.indices.map { j in
      let alone: Double = j == 0 ? 2 : j == 1 ? -1 : 0
      return (alone + power(j - 2) + power(j - 1) - power(j)) / 2
    }
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) { self.init() }

  package func moments(variance: Double) -> Moments {
    let e = 1 + 4 * variance
    let x = variance / e
    // The hyperbolic sine and cosine of x, times e^-x.
    let (sinh, cosh) = (-ntk_expm1(-2 * x) / 2, (1 + ntk_exp(-2 * x)) / 2)
    let slope = 8 * x * (1 - x) * sinh + (1 - 4 * x + 8 * x * x) * cosh
    return Moments(square: sinh / e.squareRoot(), derivativeSquare: slope / e.squareRoot())
  }

  /// A relative error of q eps arises at opposite images.
  package func largestVariance(_ precision: Precision) -> Double { precision == .f64 ? 1e8 : 1e4 }

  package var imageValueCount: Int { Value.allCases.count }

  /// The values of an image.
  enum Value: Int, CaseIterable {
    /// sqrt(q) and q / 2.
    case root, halfVariance
    /// E / 2, 1 / E and its root.
    case halfE, inverseE, inverseRootE
    /// The roots of both own values.
    case rootValue, rootDerivative
  }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let (e, own) = (1 + 4 * variance, moments(variance: variance))
    func set(_ value: Value, _ number: Double) { values[value.rawValue] = number }
    set(.root, variance.squareRoot())
    set(.halfVariance, variance / 2)
    set(.halfE, e / 2)
    set(.inverseE, 1 / e)
    set(.inverseRootE, 1 / e.squareRoot())
    set(.rootValue, own.square.squareRoot())
    set(.rootDerivative, own.derivativeSquare.squareRoot())
  }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    @inline(__always) func both(_ v: Value) -> (L, L) { (x[v.rawValue], y[v.rawValue]) }
    @inline(__always) func difference(_ v: Value) -> L { x[v.rawValue] - y[v.rawValue] }
    let zero = L(0)
    let (rootX, rootY) = both(.root)
    let (halfX, halfY) = both(.halfVariance)
    let (halfEX, halfEY) = both(.halfE)
    let scale = rootX * rootY
    let own = GaborPair(
      k: pair.covariance.magnitude(),
      deficit: L.max(L.min(pair.deficit, scale + pair.covariance), zero), scale: scale,
      meanVariance: halfX + halfY, meanE: halfEX + halfEY, rootDifference: difference(.root))
    let powers = MeanOfPowers(
      both(.inverseE), roots: both(.inverseRootE), difference: L(-8) * difference(.halfVariance),
      ofMean: own.inverseMeanE, root: own.inverseRootMeanE)
    let count = MemoryLayout<L.Scalar>.size == 4 ? Self.terms.single : Self.terms.double
    let spread = powers.sums(value, slope, count: count)

    @inline(__always) func deficit(_ pair: Pair<L>, _ spread: L, _ root: Value) -> L {
      let (x, y) = both(root)
      let (largest, unequal) = (x * y, L(0.5) * (x - y) * (x - y))
      // For very different variances, the terms are larger than their sum.
      let sum = pair.deficit + spread - unequal
      return L.max(
        L.select(largest, lessThan: unequal, largest - pair.covariance, else: sum), zero)
    }
    let (value, slope) = (own.value, own.slope)
    let valueDeficit = deficit(value, spread.0, .rootValue)
    // phi is odd.
    let opposite = valueDeficit + (value.covariance + value.covariance)
    return Dual(
      value: Pair(
        covariance: L.select(
          pair.covariance, lessThan: zero, zero - value.covariance, else: value.covariance),
        deficit: L.select(pair.covariance, lessThan: zero, opposite, else: valueDeficit)),
      derivative: Pair(
        covariance: slope.covariance,
        deficit: deficit(slope, spread.1, .rootDerivative)))
  }
}
