import CVector

/// Computes pairs of pixels with the sums of `PixelForms`.
extension FormulaActivation {
  /// The values of a pixel before its coordinates and the four of `writeRoots`.
  enum FormValue: Int, CaseIterable {
    case root, inverseRoot, value, slope
    /// 1 + the level in `PixelForms`; 0 if the pairs of this pixel are computed one by one.
    case level
  }

  /// The values of a pixel.
  func formNumbers(_ forms: PixelForms, _ variance: Double, square: Double) -> [Double] {
    var numbers = rootNumbers(variance, square: square, count: FormValue.allCases.count)
    guard variance <= forms.largestVariance else { return numbers }
    let level = PixelForms.level(variance)
    let logarithm = ntk_log(max(variance, PixelForms.ranges[level].lowerBound))
    guard let cell = duals.formCell(forms, VarianceCell.index(logarithm)) else { return numbers }
    numbers[FormValue.level.rawValue] = Double(1 + level)
    return numbers + zip(cell.values(logarithm), forms.isUsed[level]).map { $1 ? $0 : 0 }
  }

  /// Both duals of a pair of pixels: the deficit of E[phi phi], and E[phi' phi'] with its deficit.
  @inline(__always)
  func formDuals<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ plans: FormPlans, _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> (valueDeficit: L, slopes: Pair<L>) where X.Register == L, Y.Register == L {
    typealias Duals = (valueDeficit: L, slopes: Pair<L>)
    let sums = FormSums(pair, x, y)
    let largestValue = x[FormValue.value.rawValue] * y[FormValue.value.rawValue]
    let largestSlope = x[FormValue.slope.rawValue] * y[FormValue.slope.rawValue]
    let (levelX, levelY) = (x[FormValue.level.rawValue], y[FormValue.level.rawValue])
    @inline(__always) func select(_ isFirst: L, _ a: L, _ b: L) -> L {
      L.select(L(0), lessThan: isFirst, a, else: b)
    }
    @inline(__always) func select(_ isFirst: L, _ a: Duals, _ b: Duals) -> Duals {
      (
        select(isFirst, a.valueDeficit, b.valueDeficit),
        Pair(
          covariance: select(isFirst, a.slopes.covariance, b.slopes.covariance),
          deficit: select(isFirst, a.slopes.deficit, b.slopes.deficit))
      )
    }
    // The level depends on the pair alone. For a vector with pairs of several levels, compute all
    // of these levels.
    let levels = L.max(levelX, levelY)
    let (least, most) = (-(L(0) - levels).largest, levels.largest)
    var duals: Duals = (L(0), Pair(covariance: L(0), deficit: L(0)))
    for level in max(Int(least), 1)...max(Int(most), 1) {
      let plan = plans.first + (level - 1)
      let value = sums.deficit(plan.pointee.valueEven, plan.pointee.valueOdd)
      let slope = sums.deficit(plan.pointee.slopeEven, plan.pointee.slopeOdd)
      let here: Duals = (
        largestValue * value,
        Pair(covariance: largestSlope * (L(1) - slope), deficit: largestSlope * slope)
      )
      duals = select(L(Double(level)) - levels, duals, here)
    }
    // Lanes after the last pixel are all 0.
    let unknown = L.select(
      L(0), lessThan: largestValue + largestSlope, L(1) - levelX * levelY, else: L(0))
    guard unknown.largest > 0 else { return duals }
    let isUnknown = LanePairs<L>.numbers(unknown).map { $0 > 0 }
    let single = LanePairs(pair, x, y).dual(self.duals) { isUnknown[$0] }
    return select(unknown, (single.value.deficit, single.derivative), duals)
  }
}

/// Sums over the coordinates of two pixels in every lane.
private struct FormSums<L: Lanes, X: ImageValues, Y: ImageValues>
where X.Register == L, Y.Register == L {
  typealias Value = FormulaActivation.FormValue
  let x: X
  let y: Y
  let isNegative: L
  /// u = 1 - |c|, |c|, v = 1 - c^2, s = sqrt(v) and 2 s - 1.
  let u: L
  let c: L
  let v: L
  let s: L
  let place: L

  @inline(__always)
  init(_ pair: Pair<L>, _ x: X, _ y: Y) {
    (self.x, self.y) = (x, y)
    isNegative = pair.covariance
    let scale = x[Value.root.rawValue] * y[Value.root.rawValue]
    let inverse = x[Value.inverseRoot.rawValue] * y[Value.inverseRoot.rawValue]
    let (zero, one) = (L(0), L(1))
    let near = L.min(L.max(L.min(pair.deficit, scale + pair.covariance), zero) * inverse, one)
    // Black pixels are uncorrelated with all others.
    u = L.select(zero, lessThan: scale, near, else: one)
    c = one - u
    v = u.adding(u, times: c)
    s = v.squareRoot()
    place = L(-1).adding(L(2), times: s)
  }

  /// 1 minus the dual of one function; see `DualPart`.
  @inline(__always)
  func deficit(_ even: FormPlan.Part, _ odd: FormPlan.Part) -> L {
    let (distance, _) = products(even)
    let (oddDistance, ones) = products(odd)
    let oddLoss = (odd.isJump ? s : v) * form(odd)
    let near = (L(0.5) * (distance + oddDistance)).adding(u, times: ones)
      .adding(v, times: form(even)).adding(c, times: oddLoss)
    let oddPart = c * (ones - oddLoss)
    return L.select(isNegative, lessThan: L(0), near.adding(L(2), times: oddPart), else: near)
  }

  /// |g(q1) - g(q2)|^2 and g(q1) g(q2) of a part.
  @inline(__always)
  private func products(_ part: FormPlan.Part) -> (distance: L, ones: L) {
    var (distance, ones) = (L(0), L(0))
    for index in part.values {
      let (a, b) = (x[Value.allCases.count + index], y[Value.allCases.count + index])
      let difference = a - b
      distance = distance.adding(difference, times: difference)
      ones = ones.adding(a, times: b)
    }
    return (distance, ones)
  }

  /// sum_kl g_k(q1) g_l(q2) w_kl(s).
  @inline(__always)
  private func form(_ part: FormPlan.Part) -> L {
    let first = Value.allCases.count
    var coefficient = part.coefficients.assumingMemoryBound(to: L.Scalar.self)
    var total = L(0)
    for term in part.terms {
      let (k, l) = (first + Int(term.first), first + Int(term.second))
      var product = x[k] * y[l]
      if k != l { product = product.adding(x[l], times: y[k]) }
      var sum = L(repeating: coefficient)
      let end = coefficient + term.count
      coefficient += 1
      while coefficient < end {
        sum = L(repeating: coefficient).adding(sum, times: place)
        coefficient += 1
      }
      total = total.adding(product, times: sum)
    }
    return total
  }
}
