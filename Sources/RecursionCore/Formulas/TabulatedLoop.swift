/// The pass over a block of pairs for an activation with tables. A row of the block is the first image
/// of its pairs: its `WindowTable`s become polynomials in s = sqrt(1 - |c|) and in ln(q2 / q1).
///
/// Which window, and which form of it, depends on the pair alone: vectors with pairs of several
/// windows compute all of them and select. So a pair has the same bits beside any others.
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

  /// A range of ln(q2 / q1) from `lower` on, and what serves it: a window, close to its middle or
  /// all of it, or nothing but single pairs.
  private struct Segment {
    let lower: L.Scalar
    let window: Int?
    let isNear: Bool
  }

  /// All of them, ascending.
  private static var segments: [Segment] {
    let (half, reach) = (WindowSamples.halfWidth, WindowSamples.reach)
    let near = half * WindowTable.nearPlace
    func segment(_ lower: Double, _ window: Int?, isNear: Bool = false) -> Segment {
      Segment(lower: L.Scalar(lower), window: window, isNear: isNear)
    }
    var segments = [Segment(lower: -.infinity, window: nil, isNear: false)]
    for window in -reach...reach {
      segments.append(segment(half * Double(2 * window - 1), window))
      if window == 0 { segments += [segment(-near, 0, isNear: true), segment(near, 0)] }
    }
    return segments + [segment(half * Double(2 * reach + 1), nil)]
  }

  func run() {
    let segments = Self.segments
    let logarithms = columns.base + Value.logarithm.rawValue * columns.stride
    var ends: [(low: L.Scalar, high: L.Scalar)] = []
    for group in stride(from: 0, to: block.columns, by: L.count) {
      var (low, high) = (logarithms[group], logarithms[group])
      for column in group..<group + L.count {
        low = min(low, logarithms[column])
        high = max(high, logarithms[column])
      }
      ends.append((low, high))
    }
    for row in 0..<block.rows {
      let logarithm = rows.base[Value.logarithm.rawValue * rows.stride + row]
      for (group, end) in ends.enumerated() {
        run(
          row, group * L.count, logarithm, end.low - logarithm, end.high - logarithm, segments)
      }
    }
  }

  /// One vector of pairs, whose ln(q2 / q1) lie between `low` and `high`.
  @inline(__always)
  private func run(
    _ row: Int, _ column: Int, _ logarithm: L.Scalar, _ low: L.Scalar, _ high: L.Scalar,
    _ segments: [Segment]
  ) {
    let x = RowValues<L>(base: rows.base + row, stride: rows.stride)
    let y = ColumnValues<L>(base: columns.base + column, stride: columns.stride)
    let place = block.place(row: row, column: column)
    let pair = Pair(covariance: L(at: place.covariance), deficit: L(at: place.deficit))
    if low == 0, high == 0, let window = tables.window(row, logarithm, 0) {
      let duals = TabulatedPairs(pair, x, y, L(0)).dual(window, window.table.equal)
      step.store(duals, affine, to: place, x, y)
    } else {
      step.store(mixed(row, logarithm, low, high, segments, pair, x, y), affine, to: place, x, y)
    }
  }

  @inline(never)
  private func mixed(
    _ row: Int, _ logarithm: L.Scalar, _ low: L.Scalar, _ high: L.Scalar,
    _ segments: [Segment], _ pair: Pair<L>, _ x: RowValues<L>, _ y: ColumnValues<L>
  ) -> Dual<L> {
    let ratio = y[Value.logarithm.rawValue] - x[Value.logarithm.rawValue]
    let pairs = TabulatedPairs(pair, x, y, ratio)
    let first = segments.lastIndex { $0.lower <= low } ?? 0
    let last = segments.lastIndex { $0.lower <= high } ?? 0
    var result: Dual<L>?
    for index in first...max(first, last) {
      let segment = segments[index]
      let dual: Dual<L>
      if let number = segment.window, let window = tables.window(row, logarithm, number) {
        dual = pairs.dual(window, segment.isNear ? window.table.near : window.table.full)
      } else {
        let upper = index + 1 < segments.count ? segments[index + 1].lower : .infinity
        let ratios = LanePairs<L>.numbers(ratio)
        dual = LanePairs(pair, x, y).dual(step.activation.duals) {
          ratios[$0] >= segment.lower && ratios[$0] < upper
        }
      }
      result = result.map { $0.selected(ratio, lessThan: segment.lower, else: dual) } ?? dual
    }
    return result ?? LanePairs(pair, x, y).dual(step.activation.duals) { _ in true }
  }
}

extension Dual {
  /// Where a < b the lanes of this, else those of `other`.
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

/// Pairs in lanes, ready for the polynomials of a window; see `DualPart`.
private struct TabulatedPairs<L: CoreLanes> {
  let covariance: L
  let largestValue: L
  let largestSlope: L
  let ratio: L
  /// u = 1 - |c|, |c| and 2 sqrt(u) - 1.
  let u: L
  let c: L
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
    y = L(-1).adding(L(2), times: u.squareRoot())
    self.ratio = ratio
  }

  @inline(__always)
  func dual(_ window: RowTables<L>.Window, _ plan: WindowTable.Plan) -> Dual<L> {
    let table = window.table
    let xi = (ratio - L(WindowSamples.middle(table.window))) * L(1 / WindowSamples.halfWidth)
    @inline(__always) func polynomial(_ part: DualPart) -> L {
      var total = L(0)
      for span in plan[part] {
        var place = window.coefficients + Int(span.start)
        let end = place + Int(span.count)
        var sum = L(repeating: place)
        place += 1
        while place < end {
          sum = L(repeating: place).adding(sum, times: xi)
          place += 1
        }
        total = sum.adding(total, times: y)
      }
      return total
    }
    @inline(__always) func dual(
      even: DualPart, odd: DualPart, ones: DualPart, distance: DualPart,
      _ parity: WindowSamples.Parity, _ largest: L
    ) -> Pair<L> {
      let (zero, one) = (L(0), L(1))
      var distance = polynomial(distance)
      if table.window == 0 { distance = distance * (ratio * ratio) }
      let all = one - distance
      let ones = parity.hasOdd ? (parity.hasEven ? polynomial(ones) : all) : zero
      let (even, odd) = (polynomial(even), polynomial(odd))
      let near = distance.adding(u, times: even + ones.adding(c, times: odd))
      let oddPart = c * (ones - u * odd)
      let evenPart = parity.hasEven ? all - ones - u * even : zero
      let isNegative = covariance
      return Pair(
        covariance: largest
          * L.select(isNegative, lessThan: zero, evenPart - oddPart, else: evenPart + oddPart),
        deficit: largest
          * L.select(isNegative, lessThan: zero, near.adding(L(2), times: oddPart), else: near))
    }
    return Dual(
      value: dual(
        even: .valueEven, odd: .valueOdd, ones: .valueOnes, distance: .valueDistance,
        table.valueParity, largestValue),
      derivative: dual(
        even: .slopeEven, odd: .slopeOdd, ones: .slopeOnes, distance: .slopeDistance,
        table.slopeParity, largestSlope))
  }
}
