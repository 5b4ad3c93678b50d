import CVector

/// phi(x) = a erf(b x) + c (Williams 1997), with amplitude a, scale b and shift c. With q scaled by
/// b^2, D = 1 + 2 q and k = K12,
///
///     E[phi phi]   = a^2 (2/pi) asin(2 k / sqrt(D1 D2)) + c^2
///     E[phi' phi'] = a^2 b^2 (4/pi) / sqrt(D1 D2 - 4 k^2)
///
/// Let beta = asin(2 k / sqrt(D1 D2)), and let h = (phi1 + phi2)/2 - beta be its distance from the
/// mean angle of the two images, where sin phi = 2 q / D. Both are arc tangents of numbers that are
/// computed without cancellation. The smaller of the two is computed, and the larger one follows
/// from it:
///
///     tan beta    = 2 k / sqrt(E),           E = D1 D2 - 4 k^2 = 1 + 2 (q1 + q2) + 4 d (s + k)
///     tan (h / 2) = (sin m - sin beta) / (cos m + cos beta),   m = (phi1 + phi2) / 2
///
/// where s = sqrt(q1 q2), d = s - k is the deficit, and sin m - sin beta is 2 d / sqrt(D1 D2) plus
/// squares of differences between the two images.
package struct Erf: Activation {
  package static let name = "erf"

  /// a in a erf(b x) + c.
  package let amplitude: Double
  /// b.
  package let scale: Double
  /// c, which is the mean, because erf is odd.
  package let constantMean: Double

  /// phi(x) = a erf(b x) + c.
  package init(amplitude: Double = 1, scale: Double = 1, shift: Double = 0) {
    self.amplitude = amplitude
    self.scale = scale
    constantMean = shift
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    amplitude = try parameters.factor("amplitude")
    scale = try parameters.factor("scale")
    constantMean = try parameters.factor("shift", default: 0)
  }

  package func moments(variance: Double) -> Moments {
    let q = scale * scale * variance
    let root = (1 + 4 * q).squareRoot()
    return Moments(
      square: amplitude * amplitude * (2 / Double.pi) * ntk_atan2(2 * q, root),
      derivativeSquare: amplitude * amplitude * scale * scale * (4 / Double.pi) / root)
  }

  /// For large b^2 q the angles come close to pi / 2 and their differences lose sqrt(b^2 q) eps;
  /// at opposite images (K12 = -s), the derivative loses b^2 q eps.
  package func largestVariance(_ precision: Precision) -> Double {
    (precision == .f64 ? 1e14 : 1e6) / (scale * scale)
  }

  package var imageValueCount: Int { Value.allCases.count }

  /// The values of an image; q is scaled by b^2.
  enum Value: Int, CaseIterable {
    /// 1/2 + 2 q: the sum over two images is 1 + 2 (q1 + q2).
    case halfE
    /// b sqrt(2 variance).
    case root
    /// D^-1/2, and D^-1/4 with its inverse.
    case inverseRootD, fourthRoot, inverseFourthRoot
    /// sin and cos of phi / 2 and of phi / 4; phi / 2 and sqrt(phi / 2).
    case sinHalf, cosHalf, sinQuarter, cosQuarter, halfAngle, rootHalfAngle
    /// (1 + 4 q)^(1/4) and its inverse.
    case fourthRootE, inverseFourthRootE
  }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let q = scale * scale * variance
    let rootE = (1 + 4 * q).squareRoot()
    let rootD = (1 + 2 * q).squareRoot()
    let angle = ntk_atan2(2 * q, rootE)
    func set(_ value: Value, _ number: Double) { values[value.rawValue] = number }
    set(.halfE, 0.5 + 2 * q)
    set(.root, (2 * q).squareRoot())
    set(.inverseRootD, 1 / rootD)
    set(.fourthRoot, 1 / rootD.squareRoot())
    set(.inverseFourthRoot, rootD.squareRoot())
    set(.sinHalf, ntk_sin(angle / 2))
    set(.cosHalf, ntk_cos(angle / 2))
    set(.sinQuarter, ntk_sin(angle / 4))
    set(.cosQuarter, ntk_cos(angle / 4))
    set(.halfAngle, angle / 2)
    set(.rootHalfAngle, (angle / 2).squareRoot())
    set(.fourthRootE, rootE.squareRoot())
    set(.inverseFourthRootE, 1 / rootE.squareRoot())
  }

  @inline(__always)
  package func moments(variances: Float64Lanes) -> (
    square: Float64Lanes, derivativeSquare: Float64Lanes
  ) {
    let q = Float64Lanes(scale * scale) * variances
    let root = Float64Lanes(1).adding(Float64Lanes(4), times: q).squareRoot()
    let square = amplitude * amplitude
    return (
      Float64Lanes(square * 2 / Double.pi) * Self.arcTangent(q + q, root),
      Float64Lanes(square * scale * scale * 4 / Double.pi) / root
    )
  }

  package var pixelValueCount: Int { PixelValue.allCases.count }

  /// The values of a pixel; q is scaled by b^2.
  enum PixelValue: Int, CaseIterable {
    /// sqrt(2 q), D^(-1/4) and (1 + 4 q)^(1/4); their powers are computed from these.
    case root, fourthRoot, fourthRootE
    /// sin and cos of phi / 4; sin and cos of phi / 2 are computed from these.
    case sinQuarter, cosQuarter
    /// sqrt(Theta) before and after the activation.
    case tangentRoot, afterTangentRoot
  }

  @inline(__always)
  package func writePixelValues(
    variance: Float64Lanes, tangent: Float64Lanes, square: Float64Lanes,
    afterTangent: Float64Lanes, _ set: (Int, Float64Lanes) -> Void
  ) {
    typealias L = Float64Lanes
    let (half, one) = (L(0.5), L(1))
    let q = L(scale * scale) * variance
    let d = one + q + q
    let rootE = one.adding(L(4), times: q).squareRoot()
    let cosHalf = half.adding(half, times: rootE / d).squareRoot()
    let cosQuarter = half.adding(half, times: cosHalf).squareRoot()
    func write(_ value: PixelValue, _ number: L) { set(value.rawValue, number) }
    write(.root, (q + q).squareRoot())
    write(.fourthRoot, one / d.squareRoot().squareRoot())
    write(.fourthRootE, rootE.squareRoot())
    write(.sinQuarter, half * (q / (d * cosHalf)) / cosQuarter)
    write(.cosQuarter, cosQuarter)
    write(.tangentRoot, tangent.squareRoot())
    write(.afterTangentRoot, afterTangent.squareRoot())
  }

  /// Like `dual`, but for gaps: g' = a^2 (4/pi) h. In sin m - sin beta, the terms of the images'
  /// different variances cancel against the corresponding terms of the gap:
  ///
  ///     sin m - sin beta = b^2 g / sqrt(D1 D2) - 2 chord^2 - 1/2 skew^2
  @inline(__always)
  package func pixelGaps<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    typealias V = PixelValue
    @inline(__always) func product(_ v: V) -> L { x[v.rawValue] * y[v.rawValue] }
    @inline(__always) func difference(_ v: V) -> L { x[v.rawValue] - y[v.rawValue] }
    let (zero, half, one) = (L(0), L(0.5), L(1))
    let gap = L(scale * scale) * gaps.gap

    // 2 q of both images, D, D^(1/4), and the sines and cosines of phi / 2.
    let (squareX, squareY) = (
      x[V.root.rawValue] * x[V.root.rawValue],
      y[V.root.rawValue] * y[V.root.rawValue]
    )
    let (dX, dY) = (one + squareX, one + squareY)
    @inline(__always) func cube(_ a: L) -> L { a * a * a }
    let inverseX = cube(x[V.fourthRoot.rawValue]) * dX
    let inverseY = cube(y[V.fourthRoot.rawValue]) * dY
    let (sinX, sinY) = (x[V.sinQuarter.rawValue], y[V.sinQuarter.rawValue])
    let (cosX, cosY) = (x[V.cosQuarter.rawValue], y[V.cosQuarter.rawValue])
    let sinHalves = (sinX * sinY) * (cosX * cosY) * L(4)
    let cosHalves = one.adding(L(-2) * sinX, times: sinX) * one.adding(L(-2) * sinY, times: sinY)

    // E = 1 + 2 (q1 + q2) + excess, as in `dual`; 2 b^2 d = b^2 g - (b (r1 - r2))^2.
    let rootDifference = difference(.root)
    let twoDeficit = L.max(gap - half * rootDifference * rootDifference, zero)
    let roots = product(.root)
    let excess = twoDeficit * (roots + roots - twoDeficit)
    let rootE = (one + squareX + squareY + excess).squareRoot()

    let fourthRoots = product(.fourthRoot)
    let scaleD = fourthRoots * fourthRoots
    let cosine = rootE * scaleD
    let chord = sinX * cosY - sinY * cosX
    let skew = x[V.fourthRoot.rawValue] * inverseY - y[V.fourthRoot.rawValue] * inverseX
    let unlike = (L(2) * chord * chord).adding(half * skew, times: skew)
    let sineGap = L.max(gap * scaleD - unlike, zero)
    let halfGap = Self.arcTangent(sineGap, cosHalves - sinHalves + cosine)

    // 1 / sqrt(E), and its deficit from (E1 E2)^-1/4.
    let meanE = product(.fourthRootE)
    let inverse = one / (rootE * (rootE + meanE) * meanE)
    let slope = Factor<L>(amplitude * amplitude * scale * scale * 4 / Double.pi)
    let inverseRootE = inverse * (rootE + meanE) * meanE
    let fourthX = x[V.fourthRootE.rawValue] * x[V.fourthRootE.rawValue]
    let fourthY = y[V.fourthRootE.rawValue] * y[V.fourthRootE.rawValue]
    let unequal = fourthX - fourthY
    let distance = inverse * excess.adding(half * unequal, times: unequal)

    let tangentDifference = difference(.tangentRoot)
    let twoTangentDeficit = L.max(
      gaps.tangentGap - tangentDifference * tangentDifference, zero)
    let afterDifference = difference(.afterTangentRoot)
    let tangents = product(.tangentRoot)
    return PixelGaps(
      gap: (halfGap + halfGap).scaled(by: Factor(amplitude * amplitude * 4 / Double.pi)),
      tangentGap: (inverseRootE * twoTangentDeficit)
        .adding(distance + distance, times: tangents).scaled(by: slope)
        .adding(afterDifference, times: afterDifference))
  }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    @inline(__always) func product(_ v: Value) -> L { x[v.rawValue] * y[v.rawValue] }
    @inline(__always) func difference(_ v: Value) -> L { x[v.rawValue] - y[v.rawValue] }
    @inline(__always) func wedge(_ v: Value, _ w: Value) -> L {
      x[v.rawValue] * y[w.rawValue] - x[w.rawValue] * y[v.rawValue]
    }
    let zero = L(0)
    let half = L(0.5)
    let doubled = L(2 * scale * scale)
    let twoK = doubled * pair.covariance
    let twoDeficit = doubled * pair.deficit
    let rootDifference = difference(.root)

    // E and its root; `excess` = 4 d (s + k), the part that vanishes for parallel images.
    let excess = twoDeficit * (product(.root) + twoK)
    let rootE = (x[Value.halfE.rawValue] + y[Value.halfE.rawValue] + excess).squareRoot()

    // The sine and cosine of beta; sin m - sin beta and cos m + cos beta.
    let scaleD = product(.inverseRootD)
    let sine = twoK * scaleD
    let cosine = rootE * scaleD
    let chord = wedge(.sinQuarter, .cosQuarter)
    let skew = wedge(.fourthRoot, .inverseFourthRoot)
    let parallel =
      (half * scaleD * rootDifference * rootDifference)
      - (L(2) * chord * chord).adding(half * skew, times: skew)
    let sineGap = parallel.adding(twoDeficit, times: scaleD)
    let cosineSum = product(.cosHalf) - product(.sinHalf) + cosine

    // One arc tangent, of the smaller angle.
    let opposite = L.select(sine, lessThan: sineGap, sine.magnitude(), else: sineGap)
    let adjacent = L.select(sine, lessThan: sineGap, cosine, else: cosineSum)
    let angle = Self.arcTangent(L.max(opposite, zero), adjacent)
    let mean = x[Value.halfAngle.rawValue] + y[Value.halfAngle.rawValue]
    let signed = L.select(sine, lessThan: zero, zero - angle, else: angle)
    let beta = L.select(sine, lessThan: sineGap, signed, else: mean - (angle + angle))
    let gap = L.select(sine, lessThan: sineGap, mean - signed, else: angle + angle)
    let spread = difference(.rootHalfAngle)

    // 1 / sqrt(E), and its deficit from (E1 E2)^-1/4.
    let meanE = product(.fourthRootE)
    let inverse = L(1) / (rootE * (rootE + meanE))
    let inverseRootE = inverse * (rootE + meanE)
    let squareX = x[Value.fourthRootE.rawValue] * x[Value.fourthRootE.rawValue]
    let squareY = y[Value.fourthRootE.rawValue] * y[Value.fourthRootE.rawValue]
    let unequal = squareX - squareY
    let distanceE = excess.adding(half * unequal, times: unequal)

    let square = amplitude * amplitude
    let slope = L(square * scale * scale * 4 / Double.pi)
    return Dual(
      value: Pair(
        covariance: L(square * 2 / Double.pi) * beta,
        deficit: L(square * 2 / Double.pi) * (gap - spread * spread)),
      derivative: Pair(
        covariance: slope * inverseRootE,
        deficit: slope * distanceE * inverse * product(.inverseFourthRootE)))
  }

  /// atan(opposite / adjacent) for non-negative arguments, by asin(n) = n P(2 n^2) / sqrt 2 for
  /// n <= 1 / sqrt 2.
  @inline(__always)
  static func arcTangent<L: Lanes>(_ opposite: L, _ adjacent: L) -> L {
    let inverse = L(1) / (opposite * opposite).adding(adjacent, times: adjacent).squareRoot()
    let n = L.min(opposite, adjacent) * inverse
    let angle = (n * L.arcCosineFactor((n + n) * n)).scaled(by: Factor(0.5.squareRoot()))
    return L.select(adjacent, lessThan: opposite, L(Double.pi / 2) - angle, else: angle)
  }
}
