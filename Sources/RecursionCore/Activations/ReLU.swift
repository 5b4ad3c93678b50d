/// phi(x) = max(x, 0): the arc-cosine kernel of degree one (Cho & Saul 2009).
///
///     E[phi phi]   = s (sqrt(1 - c^2) + (pi - acos c) c) / (2 pi),   s = sqrt(q1 q2), c = K12 / s
///     E[phi' phi'] = (pi - acos c) / (2 pi)
///
/// With u = 1 - |c|, acos|c| = sqrt(u) P(u) and sqrt(1 - c^2) - |c| acos|c| = u sqrt(u) Q(u), where
/// P and Q are smooth. Both duals together need one square root and two polynomials, nothing
/// cancels near c = 1 or -1, and an image without variance (a black one) gives 0 instead of 0/0.
package struct ReLU: Activation {
  package static let name = "relu"

  /// ReLU has no parameters.
  package init() {}

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {}

  package func moments(variance: Double) -> Moments {
    Moments(square: variance / 2, derivativeSquare: 0.5)
  }

  package var imageValueCount: Int { 2 }

  /// sqrt(q) and its inverse.
  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let root = variance.squareRoot()
    values[0] = root
    values[1] = root > 0 ? 1 / root : 0
  }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let zero = L(0)
    let half = L(0.5)
    let scale = x[0] * y[0]
    let u = pair.folded(scale) * (x[1] * y[1])
    let root = u.squareRoot()
    let angle = root * L.arcCosineFactor(u) * L(1 / (2 * Double.pi))  // acos|c| / 2 pi
    let moment = scale * (u * root) * L.arcCosineMomentFactor(u) * L(1 / (2 * Double.pi))
    let coAngle = half - angle
    return Dual(
      value: Pair(
        covariance: moment.adding(half, times: L.max(pair.covariance, zero)),
        deficit: (half * L.min(pair.deficit, scale)) - moment),
      derivative: Pair(
        covariance: L.select(pair.covariance, lessThan: zero, angle, else: coAngle),
        deficit: L.select(pair.covariance, lessThan: zero, coAngle, else: angle)))
  }

  package var dualIsNonNegative: Bool { true }
  package static let hasFormOfNonNegative = true

  @inline(__always)
  package func dualOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let half = L(0.5)
    let u = pair.deficit * (x[1] * y[1])
    let root = u.squareRoot()
    let angle = root * L(1 / (2 * Double.pi)) * L.arcCosineFactor(u)
    let moment = pair.deficit * (root * L(1 / (2 * Double.pi))) * L.arcCosineMomentFactor(u)
    return Dual(
      value: Pair(
        covariance: moment.adding(half, times: pair.covariance),
        deficit: half * pair.deficit - moment),
      derivative: Pair(covariance: half - angle, deficit: angle))
  }

  @inline(__always)
  package func moments(variances: Float64Lanes) -> (
    square: Float64Lanes, derivativeSquare: Float64Lanes
  ) {
    let half = Float64Lanes(0.5)
    return (half * variances, half)
  }

  /// r = sqrt(K), 1 / (2 pi sqrt(2) r), Theta.
  package var pixelValueCount: Int { 3 }

  @inline(__always)
  package func writePixelValues(
    variance: Float64Lanes, tangent: Float64Lanes, square: Float64Lanes,
    afterTangent: Float64Lanes, _ set: (Int, Float64Lanes) -> Void
  ) {
    let (zero, root) = (Float64Lanes(0), variance.squareRoot())
    let inverse = Float64Lanes(0.5.squareRoot() / (2 * Double.pi)) / root
    set(0, root)
    set(1, Float64Lanes.select(zero, lessThan: root, inverse, else: zero))
    set(2, tangent)
  }

  /// With e = g - (r1 - r2)^2, which is twice the deficit, and r' = r / sqrt(2), Theta' = Theta / 2
  /// after the activation,
  ///
  ///     g <- (r1 - r2)^2 / 2 + min(e / 2, r1 r2) - 2 moment
  ///     h <- k' h + (1/2 - k') (Theta1 + Theta2),   k' = E[phi' phi']
  ///
  /// The angle is computed in turns, so that no factor 2 pi is rounded in every layer.
  @inline(__always)
  package func pixelGaps<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    let half = L(0.5)
    let difference = x[0] - y[0]
    let square = difference * difference
    let excess = L.max(gaps.gap - square, L(0))
    let scale = x[0] * y[0]
    let folded = PixelGaps.folded(excess, scale)
    let v = folded * (x[1] * y[1])
    let root = v.squareRoot()
    let angle = root * L.turnFactor(v)
    let moments = (folded * root) * L.turnMomentFactor(v)
    let coAngle = half - angle
    let twice = scale + scale
    let slope = L.select(twice, lessThan: excess, angle, else: coAngle)
    let rest = L.select(twice, lessThan: excess, coAngle, else: angle)
    return PixelGaps(
      gap: L.min(half * excess, scale).adding(half, times: square) - moments,
      tangentGap: (slope * gaps.tangentGap).adding(rest, times: x[2] + y[2]))
  }

  @inline(__always)
  package func pixelGapsOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    let half = L(0.5)
    let difference = x[0] - y[0]
    let square = difference * difference
    let gap = L.max(gaps.gap, square)
    let excess = gap - square
    let v = excess * (x[1] * y[1])
    let root = v.squareRoot()
    let angle = root * L.turnFactor(v)
    let moments = (excess * root) * L.turnMomentFactor(v)
    return PixelGaps(
      gap: half * gap - moments,
      tangentGap: ((half - angle) * gaps.tangentGap).adding(angle, times: x[2] + y[2]))
  }
}
