/// phi(x) = a min(x, 0) + b max(x, 0), with the slopes a and b: leaky ReLU, |x|, and ReLU itself
/// (Tsuchida, Roosta & Gallagher 2018). It equals (b - a) max(x, 0) + a x. With ReLU's moment and
/// angle (see `ReLU`), m = s u sqrt(u) Q(u) / (2 pi) and t = acos|c| / (2 pi), and
/// A = (a^2 + b^2) / 2,
///
///     E[phi phi]   = (b - a)^2 m + A K12                K12 >= 0
///                  = (b - a)^2 m + a b K12              K12 < 0
///     E[phi' phi'] = A - (b - a)^2 t,   and a b + (b - a)^2 t
///
/// With e = s u = s - |K12|, the deficits are A e - (b - a)^2 m and
/// (a + b)^2 s / 2 - a b e - (b - a)^2 m, respectively. For |x|, nearly opposite images are
/// therefore as exact as nearly parallel ones.
package struct AbReLU: Activation {
  package static let name = "abrelu"

  /// A, (b - a)^2, a b and (a + b)^2 / 2.
  private let mean, bend, product, halfSquareOfSum: Double
  private let relu = ReLU()

  /// a min(x, 0) + b max(x, 0).
  package init(negativeSlope a: Double, positiveSlope b: Double) {
    mean = (a * a + b * b) / 2
    bend = (b - a) * (b - a)
    product = a * b
    halfSquareOfSum = (a + b) * (a + b) / 2
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    self.init(
      negativeSlope: try parameters.factor("negative_slope", default: nil),
      positiveSlope: try parameters.factor("positive_slope", default: nil))
  }

  package func moments(variance: Double) -> Moments {
    Moments(square: mean * variance, derivativeSquare: mean)
  }

  package var imageValueCount: Int { 2 }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    relu.writeImageValues(variance: variance, to: values)
  }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let zero = L(0)
    let (mean, product) = (L(mean), L(product))
    let scale = x[0] * y[0]
    let folded = pair.folded(scale)
    let u = folded * (x[1] * y[1])
    let root = u.squareRoot() * L(bend / (2 * Double.pi))
    let angle = root * L.arcCosineFactor(u)
    let moment = (folded * root) * L.arcCosineMomentFactor(u)
    let opposite = (L(halfSquareOfSum) * scale).adding(L(-self.product), times: folded)
    let coAngle = L(bend / 2) - angle
    return Dual(
      value: Pair(
        covariance: moment.adding(mean, times: L.max(pair.covariance, zero))
          .adding(product, times: L.min(pair.covariance, zero)),
        deficit: L.select(pair.covariance, lessThan: zero, opposite, else: mean * folded) - moment),
      derivative: Pair(
        covariance: L.select(
          pair.covariance, lessThan: zero, product + angle, else: mean - angle),
        deficit: L.select(pair.covariance, lessThan: zero, coAngle, else: angle)))
  }

  package var dualIsNonNegative: Bool { product <= 0 }
  package var leastCorrelation: Double { product > 0 ? -product / mean : 0 }
  package static let hasFormOfNonNegative = true
  /// The formulas for c >= 0 also hold for smaller c, down to the limit of the range where P and Q
  /// are fitted. After a leaky ReLU with a slope of at most 0.1, no correlation is below this
  /// limit.
  package static var leastOfNonNegativeForm: Double { -0.2 }

  @inline(__always)
  package func dualOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let mean = L(mean)
    let u = pair.deficit * (x[1] * y[1])
    let root = u.squareRoot() * L(bend / (2 * Double.pi))
    let angle = root * L.wideArcCosineFactor(u)
    let moment = (pair.deficit * root) * L.wideArcCosineMomentFactor(u)
    return Dual(
      value: Pair(
        covariance: moment.adding(mean, times: pair.covariance),
        deficit: mean * pair.deficit - moment),
      derivative: Pair(covariance: mean - angle, deficit: angle))
  }

  @inline(__always)
  package func moments(variances: Float64Lanes) -> (
    square: Float64Lanes, derivativeSquare: Float64Lanes
  ) {
    let mean = Float64Lanes(mean)
    return (mean * variances, mean)
  }

  package var pixelValueCount: Int { relu.pixelValueCount }

  @inline(__always)
  package func writePixelValues(
    variance: Float64Lanes, tangent: Float64Lanes, square: Float64Lanes,
    afterTangent: Float64Lanes, _ set: (Int, Float64Lanes) -> Void
  ) {
    relu.writePixelValues(
      variance: variance, tangent: tangent, square: square, afterTangent: afterTangent, set)
  }

  /// The formulas of `ReLU` with e = g - (r1 - r2)^2 and both angles in turns:
  ///
  ///     g <- A (r1 - r2)^2 + 2 d,   h <- A h + (b - a)^2 t (Theta1 + Theta2 - h)
  @inline(__always)
  package func pixelGaps<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    let (zero, mean, bend) = (L(0), L(mean), L(bend))
    let difference = x[0] - y[0]
    let square = difference * difference
    let excess = L.max(gaps.gap - square, zero)
    let scale = x[0] * y[0]
    let folded = PixelGaps.folded(excess, scale)
    let v = folded * (x[1] * y[1])
    let root = v.squareRoot()
    let angle = root * L.turnFactor(v)
    let moments = (folded * root) * L.turnMomentFactor(v)
    let twice = scale + scale
    let opposite = (L(halfSquareOfSum) * twice).adding(L(-product), times: folded)
    let turn = L.select(twice, lessThan: excess, L(0.5) - angle, else: angle)
    let twiceDeficit = L.select(twice, lessThan: excess, opposite, else: mean * excess)
    return PixelGaps(
      gap: (twiceDeficit - bend * moments).adding(mean, times: square),
      tangentGap: (mean * gaps.tangentGap)
        .adding(bend * turn, times: (x[2] + y[2]) - gaps.tangentGap))
  }

  @inline(__always)
  package func pixelGapsOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    let (mean, bend) = (L(mean), L(bend))
    let difference = x[0] - y[0]
    let square = difference * difference
    let gap = L.max(gaps.gap, square)
    let excess = gap - square
    let v = excess * (x[1] * y[1])
    let root = v.squareRoot()
    let angle = root * L.wideTurnFactor(v)
    let moments = (excess * root) * L.wideTurnMomentFactor(v)
    return PixelGaps(
      gap: mean * gap - bend * moments,
      tangentGap: (mean * gaps.tangentGap)
        .adding(bend * angle, times: (x[2] + y[2]) - gaps.tangentGap))
  }
}
