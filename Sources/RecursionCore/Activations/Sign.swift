/// phi(x) = 1 for x > 0, -1 for x < 0, and 0 for an image (or pixel) without variance. With
/// c = K12 / sqrt(q1 q2),
///
///     E[phi phi] = (2/pi) asin c,    deficit (2/pi) acos c
///
/// phi' is 0 almost everywhere, so the previous Theta is multiplied by 0 (neural-tangents' `Sign`).
/// asin |c| and acos |c| are the angles with the sines |c| and sqrt(u (2 - u)), u = 1 - |c|. The
/// smaller angle is computed, and the larger one follows from it.
package struct Sign: Activation {
  package static let name = "sign"
  package static let sharesLoops = true

  /// Sign has no parameters.
  package init() {}

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {}

  package var jumps: Bool { true }

  package func moments(variance: Double) -> Moments {
    Moments(square: variance > 0 ? 1 : 0, derivativeSquare: 0)
  }

  /// sqrt(q), its inverse, and 1; all 0 without variance.
  package var imageValueCount: Int { 3 }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let root = variance.squareRoot()
    values[0] = root
    values[1] = root > 0 ? 1 / root : 0
    values[2] = root > 0 ? 1 : 0
  }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let (zero, quarterTurn) = (L(0), L(Double.pi / 2))
    let folded = pair.folded(x[0] * y[0])
    let inverse = x[1] * y[1]
    let u = folded * inverse
    let cosine = pair.covariance.magnitude() * inverse
    let sine = (u * (L(2) - u)).squareRoot()
    let n = L.min(cosine, sine)
    let angle = (n * L.arcCosineFactor((n + n) * n)) * L(0.5.squareRoot())
    let rest = quarterTurn - angle
    let both = x[2] * y[2]
    let factor = L(2 / Double.pi) * both
    let arcSine = factor * L.select(sine, lessThan: cosine, rest, else: angle)
    let arcCosine = factor * L.select(sine, lessThan: cosine, angle, else: rest)
    return Dual(
      value: Pair(
        covariance: L.select(pair.covariance, lessThan: zero, zero - arcSine, else: arcSine),
        deficit: L.select(pair.covariance, lessThan: zero, both + arcSine, else: arcCosine)),
      derivative: Pair(covariance: zero, deficit: zero))
  }
}
