import CVector

/// Pairs of pixels. Their variances are all different, so the polynomials of `TabulatedLoop` would
/// have to be computed for every pixel. Instead, the dual is summed over the Hermite coefficients
/// b_m of phi', with sums as in `MehlerSum`; the coefficients of phi follow from them by Stein's
/// lemma.
extension FormulaActivation {
  /// The values of a pixel before the coefficients and the four of `writeRoots`.
  enum PixelValue: Int, CaseIterable {
    case root, inverseRoot, value, slope, logarithm
    /// sqrt(q) E[phi'^2]^(1/2) / E[phi^2]^(1/2), and the mean of phi in units of E[phi^2]^(1/2).
    case ratio, mean
    /// The first coefficient.
    case first
    /// n^(-1/2), where n is the number of coefficients after the first one that matter for equal
    /// variances, in each precision; 0 if the pairs of this pixel are computed one by one.
    case reach64, reach32
  }

  /// The most coefficients of a pixel: its values pass through the caches for every pair.
  static let mostCoefficients = 112

  package var pixelValueCount: Int { rootsPlace + 4 }

  package func writePixelValues(
    variance: Float64Lanes, tangent: Float64Lanes, square: Float64Lanes,
    afterTangent: Float64Lanes, _ set: (Int, Float64Lanes) -> Void
  ) {
    let (lanes, count) = (Float64Lanes.count, rootsPlace)
    var values = [Double](repeating: 0, count: count * lanes)
    var most = 0
    let squares = square.numbers
    for (lane, variance) in variance.numbers.enumerated() {
      let numbers =
        forms.map { formNumbers($0, variance, square: squares[lane]) }
        ?? pixelNumbers(variance, square: squares[lane])
      most = max(most, numbers.count)
      for (index, number) in numbers.enumerated() { values[index * lanes + lane] = number }
    }
    for index in 0..<count {
      set(
        index,
        index < most
          ? Float64Lanes(numbers: Array(values[index * lanes..<(index + 1) * lanes]))
          : Float64Lanes(0))
    }
    writeRoots(variance, tangent, square, afterTangent, from: count, set)
  }

  /// The values that `PixelValue` and `FormValue` begin with, as `LanePairs` reads them, followed
  /// by zeros.
  func rootNumbers(_ variance: Double, square: Double, count: Int) -> [Double] {
    let root = variance.squareRoot()
    let slope = moments(variance: variance).derivativeSquare.squareRoot()
    return [root, root > 0 ? 1 / root : 0, square.squareRoot(), slope]
      + [Double](repeating: 0, count: count - 4)
  }

  private func pixelNumbers(_ variance: Double, square: Double) -> [Double] {
    let root = variance.squareRoot()
    var numbers = rootNumbers(variance, square: square, count: PixelValue.allCases.count)
    func set(_ value: PixelValue, _ number: Double) { numbers[value.rawValue] = number }
    // Darker pixels have almost no variance: treat them like the darkest pixels that have tables.
    let least = VarianceCell.range.lowerBound
    guard duals.function.isSmooth, variance <= VarianceCell.range.upperBound else { return numbers }
    let logarithm = ntk_log(max(variance, least))
    let index = VarianceCell.index(logarithm)
    guard let cell = duals.series(index) else { return numbers }
    var values = cell.values(logarithm)
    if variance < least { values[0] *= root / least.squareRoot() }
    set(.logarithm, logarithm)
    set(.ratio, values[0])
    set(.mean, values[1])
    set(.first, values[2])
    set(.reach64, 1 / Double(max(cell.counts.f64, 1)).squareRoot())
    set(.reach32, 1 / Double(max(cell.counts.f32, 1)).squareRoot())
    return numbers + values.dropFirst(3)
  }

  package func pixelGaps<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    let first = rootsPlace
    let (zero, half) = (L(0), L(0.5))
    @inline(__always) func deficit(_ gap: L, _ root: Int) -> L {
      let difference = x[root] - y[root]
      return half * L.max(gap - difference * difference, zero)
    }
    @inline(__always) func gap(_ deficit: L, _ root: Int) -> L {
      let difference = x[root] - y[root]
      return (deficit + deficit).adding(difference, times: difference)
    }
    let kernelDeficit = deficit(gaps.gap, first)
    let pair = Pair(covariance: x[first] * y[first] - kernelDeficit, deficit: kernelDeficit)
    let (valueDeficit, slopes) = pixelDuals(pair, x, y)
    let tangentDeficit = (slopes.covariance * deficit(gaps.tangentGap, first + 1))
      .adding(slopes.deficit, times: x[first + 1] * y[first + 1])
    return PixelGaps(
      gap: gap(valueDeficit, first + 2), tangentGap: gap(tangentDeficit, first + 3))
  }

  /// The deficit of E[phi phi], and E[phi' phi'] with its deficit.
  @inline(__always)
  private func pixelDuals<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> (valueDeficit: L, slopes: Pair<L>) where X.Register == L, Y.Register == L {
    let isDouble = L.Scalar.self == Double.self
    if let plans = formPlans { return formDuals(isDouble ? plans.f64 : plans.f32, pair, x, y) }
    let (zero, half) = (L(0), L(0.5))
    let reach = isDouble ? PixelValue.reach64 : PixelValue.reach32
    let (reachX, reachY) = (x[reach.rawValue], y[reach.rawValue])
    // The number of coefficients of each pair. A pair without an expansion gets more than the
    // maximum.
    let mean = half * (reachX + reachY)
    let least = L.min(reachX, reachY)
    let beyond = L.select(
      zero, lessThan: x[PixelValue.root.rawValue] * y[PixelValue.root.rawValue],
      L(Double(2 * coefficientCount + 2)), else: zero)
    let count = L.select(zero, lessThan: least, L(1) / (mean * mean), else: beyond)
    let most = count.largest
    let series = PixelSeries(pair, x, y, tailParity, count)
    if most <= L.Scalar(coefficientCount) {
      return series.sums(Int(most.rounded(.up)))
    }
    // Compute single pairs if their expansion is too long.
    let counts = LanePairs<L>.numbers(count)
    let single = LanePairs(pair, x, y).dual(duals) { counts[$0] > L.Scalar(coefficientCount) }
    let sums = series.sums(coefficientCount)
    let bound = L(Double(coefficientCount))
    func select(_ a: L, _ b: L) -> L { L.select(bound, lessThan: count, b, else: a) }
    return (
      select(sums.valueDeficit, single.value.deficit),
      Pair(
        covariance: select(sums.slopes.covariance, single.derivative.covariance),
        deficit: select(sums.slopes.deficit, single.derivative.deficit))
    )
  }
}

/// Sums over the Hermite coefficients of two pixels in every lane.
private struct PixelSeries<L: Lanes, X: ImageValues, Y: ImageValues>
where X.Register == L, Y.Register == L {
  typealias Value = FormulaActivation.PixelValue
  let x: X
  let y: Y
  let tail: WindowSamples.Parity
  /// The number of coefficients after the first one, for each pair.
  let count: L
  let isNegative: L
  /// 1 - |c|, |c|, c^2 and 1 - c^2.
  let u: L
  let c: L
  let square: L
  let v: L

  @inline(__always)
  init(_ pair: Pair<L>, _ x: X, _ y: Y, _ tail: WindowSamples.Parity, _ count: L) {
    (self.x, self.y, self.tail, self.count) = (x, y, tail, count)
    isNegative = pair.covariance
    let scale = x[Value.root.rawValue] * y[Value.root.rawValue]
    let inverse = x[Value.inverseRoot.rawValue] * y[Value.inverseRoot.rawValue]
    u = L.min(L.max(L.min(pair.deficit, scale + pair.covariance), L(0)) * inverse, L(1))
    c = L(1) - u
    square = c * c
    v = u.adding(u, times: c)
  }

  /// Sums over the coefficients of one parity, from the last to the first: of p_m and of
  /// p_m / (m + 1), with p_m = b_1m b_2m, and of the sum of all later terms at each step, times a
  /// power of c^2.
  private struct Sums {
    var slope = L(0)
    var slopeLoss = L(0)
    var value = L(0)
    var valueLoss = L(0)

    @inline(__always)
    mutating func add(_ p: L, _ q: L, _ square: L) {
      slopeLoss = slope.adding(square, times: slopeLoss)
      slope = slope + p
      valueLoss = value.adding(square, times: valueLoss)
      value = value + q
    }
  }

  /// The deficit of E[phi phi], and E[phi' phi'] with its deficit.
  @inline(__always)
  func sums(_ most: Int) -> (valueDeficit: L, slopes: Pair<L>) {
    var (even, odd) = (Sums(), Sums())
    // |B_1 - B_2|^2, and the corresponding distance for phi.
    var (slopeDistance, valueDistance) = (L(0), L(0))
    let (ratioX, ratioY) = (x[Value.ratio.rawValue], y[Value.ratio.rawValue])
    let unequal = ratioX - ratioY
    @inline(__always) func add(_ index: Int, _ m: Int, _ place: L) {
      // Coefficients beyond a pair's own number count as 0, even if other pairs in the vector have
      // more.
      let (zero, inverse) = (L(0), L(1 / Double(m + 1)))
      let a = L.select(place, lessThan: count, x[index], else: zero)
      let b = L.select(place, lessThan: count, y[index], else: zero)
      let (p, difference) = (a * b, a - b)
      slopeDistance = slopeDistance.adding(difference, times: difference)
      let ofValue = (ratioX * difference).adding(unequal, times: b)
      valueDistance = valueDistance.adding(ofValue * inverse, times: ofValue)
      let q = p * inverse
      if m % 2 == 0 {
        even.add(p, q, square)
      } else {
        odd.add(p, q, square)
      }
    }
    let (first, step) = (tail.hasOdd ? 1 : 2, tail.hasEven && tail.hasOdd ? 1 : 2)
    for place in stride(from: most - 1, through: 0, by: -1) {
      add(Value.allCases.count + place, first + place * step, L(Double(place)))
    }
    add(Value.first.rawValue, 0, L(-1))
    return combined(even, odd, slopeDistance, valueDistance)
  }

  @inline(__always)
  private func combined(
    _ even: Sums, _ odd: Sums, _ slopeDistance: L, _ valueDistance: L
  ) -> (valueDeficit: L, slopes: Pair<L>) {
    let (zero, one, half, two) = (L(0), L(1), L(0.5), L(2))
    let ratios = x[Value.ratio.rawValue] * y[Value.ratio.rawValue]
    let (meanX, meanY) = (x[Value.mean.rawValue], y[Value.mean.rawValue])
    let apart =
      (x[Value.logarithm.rawValue] - y[Value.logarithm.rawValue]).magnitude()
    let close = L(SeriesCell.closeness)

    // For very different variances, the sum of squares of the longer vector is incomplete. Then use
    // 1 minus the products, in which nothing cancels.
    let slopeApart = L.select(
      apart, lessThan: close, half * slopeDistance, else: one - (even.slope + odd.slope))
    let meanDifference = meanX - meanY
    let valueApart = L.select(
      apart, lessThan: close, half * valueDistance.adding(meanDifference, times: meanDifference),
      else: one - (meanX * meanY).adding(ratios, times: even.value + odd.value))

    let cv = c * v
    let oddSlope = c * (odd.slope - v * odd.slopeLoss)
    let slopeNear = slopeApart.adding(v, times: even.slopeLoss).adding(u, times: odd.slope)
      .adding(cv, times: odd.slopeLoss)
    let slopeDeficit = L.select(
      isNegative, lessThan: zero, slopeNear.adding(two, times: oddSlope), else: slopeNear)
    let oddValue = ratios * c * (even.value - v * even.valueLoss)
    let loss = (u * even.value).adding(cv, times: even.valueLoss)
      .adding(v, times: odd.value.adding(square, times: odd.valueLoss))
    let valueNear = valueApart.adding(ratios, times: loss)
    let valueDeficit = L.select(
      isNegative, lessThan: zero, valueNear.adding(two, times: oddValue), else: valueNear)
    let largestSlope = x[Value.slope.rawValue] * y[Value.slope.rawValue]
    return (
      x[Value.value.rawValue] * y[Value.value.rawValue] * valueDeficit,
      Pair(
        covariance: largestSlope * (one - slopeDeficit), deficit: largestSlope * slopeDeficit)
    )
  }
}
