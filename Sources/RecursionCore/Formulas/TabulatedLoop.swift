/// The pass over a block of pairs for an activation with tables. A row of the block is the first
/// image of its pairs: for this image, the `WindowTable`s become polynomials in s = sqrt(1 - c^2)
/// and in ln(q2 / q1).
///
/// The pair alone decides which window, and which form of it, is used: for a vector with pairs of
/// several windows, all of these are computed and selected from. A pair therefore has the same bits
/// regardless of the other pairs.
struct TabulatedLoop<L: CoreLanes> {
  typealias Value = FormulaActivation.Value

  private let step: ActivationStep<FormulaActivation>
  private let block: PairBlock<L>
  private let rows: StepValues<L.Scalar>
  private let columns: StepValues<L.Scalar>
  private let tables: RowTables<L>
  private let affine: AffineStep.Registers<L>

  init(
    _ step: ActivationStep<FormulaActivation>, _ block: PairBlock<L>,
    _ rows: StepValues<L.Scalar>, _ columns: StepValues<L.Scalar>, _ tables: RowTables<L>
  ) {
    (self.step, self.block) = (step, block)
    (self.rows, self.columns) = (rows, columns)
    self.tables = tables
    affine = step.affine.inLanes(of: L.self)
  }

  func run() {
    let segments = tables.segments
    let logarithms = columns.base + Value.logarithm.rawValue * columns.stride
    var ends = tables.takeEnds()
    defer { tables.give(ends) }
    for group in stride(from: 0, to: block.columns, by: L.count) {
      var (low, high) = (logarithms[group], logarithms[group])
      for column in group..<group + L.count {
        low = min(low, logarithms[column])
        high = max(high, logarithms[column])
      }
      ends.append((low, high))
    }
    var (known, equal) = (L.Scalar.nan, RowTables<L>.Window?.none)
    for row in 0..<block.rows {
      let logarithm = rows.base[Value.logarithm.rawValue * rows.stride + row]
      // Rows of the same variance have the same polynomials.
      if logarithm != known {
        known = logarithm
        let hasEqual = ends.contains { $0.low == logarithm && $0.high == logarithm }
        equal = hasEqual ? tables.window(row, logarithm, 0) : nil
      }
      for (group, end) in ends.enumerated() {
        let column = group * L.count
        let x = RowValues<L>(base: rows.base + row, stride: rows.stride)
        let y = ColumnValues<L>(base: columns.base + column, stride: columns.stride)
        let place = block.place(row: row, column: column)
        let pair = Pair(covariance: L(at: place.covariance), deficit: L(at: place.deficit))
        if let equal, end.low == logarithm, end.high == logarithm {
          let dual = TabulatedPairs(pair, x, y, L(0)).dualOfEqual(equal)
          step.store(dual, affine, to: place, x, y)
        } else {
          let dual = mixed(
            row, logarithm, end.low - logarithm, end.high - logarithm, segments, pair, x, y,
            readCount: block.readCount(row) - column)
          step.store(dual, affine, to: place, x, y)
        }
      }
    }
  }

  /// One vector of pairs, whose ln(q2 / q1) lie between `low` and `high`. The first `readCount` lanes
  /// are read.
  @inline(never)
  private func mixed(
    _ row: Int, _ logarithm: L.Scalar, _ low: L.Scalar, _ high: L.Scalar,
    _ segments: [RowTables<L>.Segment], _ pair: Pair<L>, _ x: RowValues<L>, _ y: ColumnValues<L>,
    readCount: Int
  ) -> Dual<L> {
    // Use the exact logarithms, except for variances that differ by rounding only.
    let rounded = y[Value.logarithm.rawValue] - x[Value.logarithm.rawValue]
    let exact = y[Value.exactLogarithm.rawValue] - x[Value.exactLogarithm.rawValue]
    let ratio = L.select(rounded, equals: L(0), L(0), else: exact)
    let pairs = TabulatedPairs(pair, x, y, ratio)
    // `low` and `high` are computed from rounded logarithms. An additional segment does no harm.
    let margin = L.Scalar(1e-6)
    let first = segments.lastIndex { $0.lower <= low - margin } ?? 0
    let last = segments.lastIndex { $0.lower <= high + margin } ?? 0
    var result: Dual<L>?
    for index in first...max(first, last) {
      let segment = segments[index]
      let dual: Dual<L>
      if let number = segment.window, let window = tables.window(row, logarithm, number) {
        dual = pairs.dual(window, segment.isNear ? window.near : window.full)
      } else {
        let upper = index + 1 < segments.count ? segments[index + 1].lower : .infinity
        let ratios = LanePairs<L>.numbers(ratio)
        dual = LanePairs(pair, x, y).dual(step.activation.duals) {
          $0 < readCount && ratios[$0] >= segment.lower && ratios[$0] < upper
        }
      }
      result = result.map { $0.selected(ratio, lessThan: segment.lower, else: dual) } ?? dual
    }
    return result ?? LanePairs(pair, x, y).dual(step.activation.duals) { $0 < readCount }
  }
}

extension Dual {
  /// The lanes of this dual if a < b, otherwise the lanes of `other`.
  fileprivate func selected(_ a: L, lessThan b: L.Scalar, else other: Dual) -> Dual {
    let bound = L(Double(b))
    func select(_ x: L, _ y: L) -> L { L.select(a, lessThan: bound, x, else: y) }
    return Dual(
      value: Pair(
        covariance: select(value.covariance, other.value.covariance),
        deficit: select(value.deficit, other.value.deficit)),
      derivative: Pair(
        covariance: select(derivative.covariance, other.derivative.covariance),
        deficit: select(derivative.deficit, other.derivative.deficit)))
  }
}

/// Pairs in lanes, prepared for the polynomials of a window; see `DualPart`.
private struct TabulatedPairs<L: CoreLanes> {
  let covariance: L
  let largestValue: L
  let largestSlope: L
  let ratio: L
  /// u = 1 - |c|, |c|, v = 1 - c^2, s = sqrt(v) and y = 2 s - 1.
  let u: L
  let c: L
  let v: L
  let s: L
  let y: L

  @inline(__always)
  init(_ pair: Pair<L>, _ row: RowValues<L>, _ column: ColumnValues<L>, _ ratio: L) {
    typealias V = FormulaActivation.Value
    covariance = pair.covariance
    let scale = row[V.root.rawValue] * column[V.root.rawValue]
    let inverse = row[V.inverseRoot.rawValue] * column[V.inverseRoot.rawValue]
    largestValue = row[V.value.rawValue] * column[V.value.rawValue]
    largestSlope = row[V.slope.rawValue] * column[V.slope.rawValue]
    let one = L(1)
    u = L.min(L.max(L.min(pair.deficit, scale + covariance), L(0)) * inverse, one)
    c = covariance.magnitude() * inverse
    v = u.adding(u, times: c)
    s = v.squareRoot()
    y = L(-1).adding(L(2), times: s)
    self.ratio = ratio
  }

  /// A pair of parts, one of phi and one of phi'.
  typealias Both = (value: L, slope: L)

  @inline(__always)
  func dual(_ window: RowTables<L>.Window, _ plan: WindowTable.Plan) -> Dual<L> {
    let xi =
      (ratio - L(WindowSamples.middle(window.window))) * L(1 / WindowSamples.halfWidth)
    @inline(__always) func both(_ parts: DualParts) -> Both {
      var total: Both = (L(0), L(0))
      if window.basis == .chebyshev { return clenshaw(window.coefficients, plan[parts], xi) }
      for span in plan[parts] {
        let sum = powers(of: xi, window.coefficients, span)
        total.value = sum.value.adding(total.value, times: y)
        total.slope = sum.slope.adding(total.slope, times: y)
      }
      return total
    }
    let (even, odd, ones) = (both(.even), both(.odd), both(.ones))
    var distance = both(.distance)
    if window.window == 0 {
      let square = ratio * ratio
      distance = (distance.value * square, distance.slope * square)
    }
    return Dual(
      value: pair(
        window.value, even.value, odd.value, ones.value, distance.value, largestValue),
      derivative: pair(
        window.slope, odd.slope, even.slope, ones.slope, distance.slope, largestSlope))
  }

  /// The dual if the variances are equal.
  @inline(__always)
  func dualOfEqual(_ window: RowTables<L>.Window) -> Dual<L> {
    let plan = window.equal
    @inline(__always) func both(_ parts: DualParts) -> Both {
      let spans = plan[parts]
      guard let first = spans.first else { return (L(0), L(0)) }
      if window.basis == .chebyshev { return clenshaw(window.coefficients, spans, L(0)) }
      var place = window.coefficients + Int(first.start)
      let end = place + 2 * spans.count
      var total: Both = (L(0), L(0))
      while place < end {
        total.value = L(repeating: place).adding(total.value, times: y)
        total.slope = L(repeating: place + 1).adding(total.slope, times: y)
        place += 2
      }
      return total
    }
    let (even, odd, ones) = (both(.even), both(.odd), both(.ones))
    return Dual(
      value: pair(window.value, even.value, odd.value, ones.value, nil, largestValue),
      derivative: pair(window.slope, odd.slope, even.slope, ones.slope, nil, largestSlope))
  }

  /// The coefficients of one polynomial of y, by Horner's rule in xi.
  @inline(__always)
  private func powers(
    of xi: L, _ coefficients: UnsafePointer<L.Scalar>, _ span: WindowTable.Span
  ) -> Both {
    var place = coefficients + Int(span.start)
    let end = coefficients + Int(span.end)
    var sum: Both = (L(repeating: place), L(repeating: place + 1))
    place += 2
    while place < end {
      sum.value = L(repeating: place).adding(sum.value, times: xi)
      sum.slope = L(repeating: place + 1).adding(sum.slope, times: xi)
      place += 2
    }
    return sum
  }

  /// A pair of parts by Clenshaw's rule, for windows with Chebyshev polynomials of y.
  @inline(never)
  private func clenshaw(
    _ coefficients: UnsafePointer<L.Scalar>, _ spans: UnsafeBufferPointer<WindowTable.Span>,
    _ xi: L
  ) -> Both {
    var (here, before): (Both, Both) = ((L(0), L(0)), (L(0), L(0)))
    for (index, span) in spans.enumerated() {
      let sum = powers(of: xi, coefficients, span)
      let factor = index == spans.count - 1 ? y : y + y
      let next = (
        value: (sum.value - before.value).adding(factor, times: here.value),
        slope: (sum.slope - before.slope).adding(factor, times: here.slope)
      )
      (here, before) = (next, here)
    }
    return here
  }

  /// A dual and its deficit from its parts; `distance` is nil if the variances are equal.
  @inline(__always)
  private func pair(
    _ shape: WindowTable.Shape, _ even: L, _ odd: L, _ ones: L, _ distance: L?, _ largest: L
  ) -> Pair<L> {
    let (zero, one) = (L(0), L(1))
    let all = distance.map { one - $0 } ?? one
    @inline(__always) func beyond(_ loss: L) -> L { distance.map { $0 + loss } ?? loss }
    if !shape.hasOdd {
      let loss = v * even
      return Pair(covariance: largest * (all - loss), deficit: largest * beyond(loss))
    }
    let ones = shape.hasEven ? ones : all
    let oddLoss = (shape.oddJumps ? s : v) * odd
    let oddPart = shape.oddVaries ? c * (ones - oddLoss) : c * ones
    var loss = u * ones
    if shape.oddVaries { loss = loss.adding(c, times: oddLoss) }
    guard shape.hasEven else {
      loss = beyond(loss)
      return Pair(
        covariance: largest * L.select(covariance, lessThan: zero, zero - oddPart, else: oddPart),
        deficit: largest
          * L.select(covariance, lessThan: zero, loss.adding(L(2), times: oddPart), else: loss))
    }
    var evenPart = all - ones
    if shape.evenVaries {
      let evenLoss = v * even
      evenPart = evenPart - evenLoss
      loss = loss + evenLoss
    }
    loss = beyond(loss)
    return Pair(
      covariance: largest
        * L.select(covariance, lessThan: zero, evenPart - oddPart, else: evenPart + oddPart),
      deficit: largest
        * L.select(covariance, lessThan: zero, loss.adding(L(2), times: oddPart), else: loss))
  }
}
