import CVector

/// phi(x) = x Phi(x), Phi the normal distribution function (Hendrycks & Gimpel 2016; the dual is
/// Tsuchida, Pearce, van der Heide, Roosta & Gallagher 2021). With D = (1 + q1)(1 + q2), k = K12,
/// E = D - k^2, sin beta = k / sqrt D and h = 1 / (1 + q),
///
///     2 pi E[phi phi]   = F = k (pi/2 + beta) + (k^2 + q1 q2 E) / (D sqrt E)
///     2 pi E[phi' phi'] = G = pi/2 + beta + (k / sqrt E)(h1 + h2 + 1/E)
///
/// Replacing k by -k subtracts pi |k| from F and changes the sign of G - pi/2, so assume
/// k = |k| >= 0 from here on. With e = sqrt(1 + 2 q), s = sqrt(q1 q2), d = s - |k|, and m the mean
/// of the images' own angles beta,
///
///     sqrt D cos m = (e1 + e2) / 2,      sqrt D sin m = (e1 e2 - 1) / 2 = s + r,
///     A = d + r,    r = (sqrt q1 - sqrt q2)^2 / (e1 e2 + 1 + 2 s),    B = (e1 + e2) / 2 + sqrt E,
///     tan((m - beta) / 2) = A / B,       sqrt E - (e1 + e2) / 2 = A (s + r + |k|) / B,
///
/// and nothing cancels: beta, sqrt E and the deficits sqrt(F1 F2) - F and sqrt(G1 G2) - G follow
/// from A and B. The deficits are sums of terms of the size of the deficit, a few of which are
/// negative. Their relative error is a few eps for equal variances. For different variances, the
/// rounding error of their difference (eps sqrt q) is added.
package struct Gelu: Activation {
  package static let name = "gelu"
  package static let isCalled = true

  /// GELU has no parameters.
  package init() {}

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {}

  /// The duals of an image with itself, as separate terms.
  private struct Own {
    let e, h, angle, rational, value, derivative: Double

    init(_ q: Double) {
      e = (1 + 2 * q).squareRoot()
      h = 1 / (1 + q)
      angle = ntk_atan2(q, e)
      rational = 2 * q * (q * h) / e
      value = q * (Double.pi / 2 + angle) + rational
      derivative = Double.pi / 2 + angle + q / e * (2 * h + 1 / (e * e))
    }
  }

  package func moments(variance: Double) -> Moments {
    let own = Own(variance)
    return Moments(
      square: own.value / (2 * Double.pi), derivativeSquare: own.derivative / (2 * Double.pi))
  }

  package var imageValueCount: Int { Value.allCases.count }

  /// The values of an image.
  enum Value: Int, CaseIterable {
    /// sqrt(q), e and 1/e, h = 1 / (1 + q), beta / 2.
    case root, e, inverseE, h, halfAngle
    /// psi = pi/2 + beta: sqrt(psi), and the roots of the two terms of F, q psi and the rational.
    case rootPsi, rootLinear, rootRational
    /// sqrt(F) and sqrt(G).
    case rootValue, rootDerivative
  }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let own = Own(variance)
    let psi = Double.pi / 2 + own.angle
    func set(_ value: Value, _ number: Double) { values[value.rawValue] = number }
    set(.root, variance.squareRoot())
    set(.e, own.e)
    set(.inverseE, 1 / own.e)
    set(.h, own.h)
    set(.halfAngle, own.angle / 2)
    set(.rootPsi, psi.squareRoot())
    set(.rootLinear, (variance * psi).squareRoot())
    set(.rootRational, own.rational.squareRoot())
    set(.rootValue, own.value.squareRoot())
    set(.rootDerivative, own.derivative.squareRoot())
  }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    @inline(__always) func product(_ v: Value) -> L { x[v.rawValue] * y[v.rawValue] }
    @inline(__always) func sum(_ v: Value) -> L { x[v.rawValue] + y[v.rawValue] }
    @inline(__always) func squaredDifference(_ v: Value) -> L {
      let difference = x[v.rawValue] - y[v.rawValue]
      return difference * difference
    }
    let (zero, one, half, quarter) = (L(0), L(1), L(0.5), L(0.25))
    let halfPi = L(Double.pi / 2)

    // |k|, d, and the geometry of the pair.
    let k = pair.covariance.magnitude()
    let s = product(.root)
    let d = L.max(L.min(pair.deficit, s + pair.covariance), zero)
    let rootDifference = squaredDifference(.root)
    let meanE = half * sum(.e)
    let inverseMeanE = one / meanE
    let r = rootDifference / (product(.e) + one).adding(L(2), times: s)
    let sineM = s + r
    let a = d + r
    let (rootX, rootY) = (x[Value.root.rawValue], y[Value.root.rawValue])
    let e = (one + (rootX * rootX + rootY * rootY)).adding(d, times: s + k)
    let rootE = e.squareRoot()
    let inverseRootE = one / rootE
    let inverseE = inverseRootE * inverseRootE
    let b = meanE + rootE
    let slope = (sineM + k) / b
    let gain = a * slope  // sqrt(E) - (e1 + e2) / 2

    // m - beta: its versine u and sqrt(u), the angle, and angle - sine = u sqrt(u) (P - Q).
    let rootU = L(2.squareRoot()) * a / (b * b).adding(a, times: a).squareRoot()
    let u = L.min(rootU * rootU, one)
    let angleFactor = L.arcCosineFactor(u)
    let angle = rootU * angleFactor
    let excess = angleFactor - L.arcCosineMomentFactor(u)
    let m = sum(.halfAngle)
    let beta = m - angle

    // F and G at |k|.
    let h = product(.h)
    let hSum = sum(.h)
    let f = (k * (halfPi + beta)).adding(h * k, times: k * inverseRootE)
      .adding(h * s * s, times: rootE)
    let tangent = k * inverseRootE
    let odd = beta.adding(tangent, times: hSum + inverseE)

    // Terms that arise for two different images: (e1 - e2)^2 and the wedge of the two terms of F.
    let rootSum = (rootX + rootY) * inverseMeanE
    let eDifference = rootDifference * rootSum * rootSum
    let inverseProduct = product(.inverseE)
    let unequalFactor = quarter * inverseProduct * inverseMeanE
    let wedge =
      x[Value.rootLinear.rawValue] * y[Value.rootRational.rawValue]
      - x[Value.rootRational.rawValue] * y[Value.rootLinear.rawValue]
    let largest = product(.rootValue)
    let wedgeScale = largest + product(.rootLinear) + product(.rootRational)
    let unequal = eDifference * unequalFactor.adding(half * meanE, times: h)
    let unequalLoss = (s * squaredDifference(.rootPsi)) + squaredDifference(.rootRational)

    let bend = u * (k * rootU * excess - rootE)
    let turned = (d * (halfPi + m) + bend).adding(gain, times: hSum + inverseRootE * inverseMeanE)
    let parallel = (unequal + wedge * wedge / L.max(wedgeScale, L(1e-37)))
      .adding(L(-0.5), times: unequalLoss)
    // For very different variances, the terms are larger than their sum.
    let gap = L.max(
      L.select(largest, lessThan: unequal, largest - f, else: turned + parallel), zero)

    // The mean of the tangents of both images' angles, minus tan beta; likewise for 1/E.
    let (inverseX, inverseY) = (x[Value.inverseE.rawValue], y[Value.inverseE.rawValue])
    let meanInverse = half * (inverseX * inverseX + inverseY * inverseY)
    let tangentGap = (sineM * eDifference * unequalFactor)
      .adding(a * inverseRootE * inverseMeanE, times: rootE.adding(k, times: slope))
    let skew = meanE * inverseProduct
    let inverseGap = inverseE * (eDifference * skew * skew).adding(meanInverse * d, times: s + k)
    let derivativeLoss =
      (half * eDifference * (one + inverseProduct) * meanE)
      * h.adding(inverseProduct, times: inverseProduct)
    let derivativeGap = angle.adding(hSum + meanInverse, times: tangentGap)
      .adding(tangent, times: inverseGap)
      .adding(L(-0.5), times: derivativeLoss + squaredDifference(.rootDerivative))

    let negativePart = zero - L.min(pair.covariance, zero)
    let factor = L(1 / (2 * Double.pi))
    let signedOdd = L.select(pair.covariance, lessThan: zero, zero - odd, else: odd)
    let turn = L.select(pair.covariance, lessThan: zero, odd + odd, else: zero)
    return Dual(
      value: Pair(
        covariance: factor * f - half * negativePart,
        deficit: (factor * gap).adding(half, times: negativePart)),
      derivative: Pair(
        covariance: factor * (halfPi + signedOdd),
        deficit: factor * (L.max(derivativeGap, zero) + turn)))
  }
}
