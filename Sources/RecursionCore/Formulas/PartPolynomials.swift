/// A pair of parts of a window as polynomials: in powers of the place in the cell, in powers of xi,
/// and in powers of y or, if these would cancel, in Chebyshev polynomials of y.
struct PartPolynomials {
  /// The number of powers of xi at each power of y, and the number of those that matter near
  /// xi = 0.
  let counts: [Int]
  let nearCounts: [Int]
  /// [member][power in the cell][y][xi].
  private let powers: [[[[Double]]]]

  /// Errors: too many powers of y, or powers that cancel too much; samples that are too far apart.
  init(
    _ samples: WindowSamples, _ parts: DualParts, _ tolerance: Double,
    _ limits: WindowTable.Limits, _ basis: WindowTable.Basis
  ) throws(WindowTable.Failure) {
    var members = parts.members.map { Self.transformed(samples, $0, parts.areOfCorrelation) }
    let (ms, rs) = (members[0][0].count, members[0][0][0].count)
    /// The largest coefficient of order `m` in y and order `r` in xi: first of Chebyshev
    /// polynomials, and of powers after the conversion below.
    func size(_ m: Int, _ r: Int) -> Double {
      members.joined().reduce(0) { max($0, abs($1[m][r])) }
    }
    // Keep at least as many powers of xi as any higher power of y has, so that powers of y can be
    // separated.
    let least = tolerance * max(1, size(0, 0))
    guard Self.areResolved(members, samples.largestTail * least) else { throw .isUnresolved }
    var counts = [Int](repeating: 0, count: ms)
    for m in (0..<ms).reversed() {
      let last = (0..<rs).last { size(m, $0) > least }
      counts[m] = max((last ?? -1) + 1, m + 1 < ms ? counts[m + 1] : 0)
    }
    counts = Array(counts.prefix { $0 > 0 })
    self.counts = counts
    guard counts.count <= limits.powers else { throw .isTooLong }
    let most = members.joined().reduce(least) { max($0, Self.largest($1)) }
    members = members.map { $0.map { Self.powers($0, counts, basis) } }
    guard members.joined().allSatisfy({ Self.largest($0) <= limits.cancellation * most }) else {
      throw .isTooLong
    }
    nearCounts = counts.indices.map { m in
      var (count, scale) = (1, 1.0)
      for r in 1..<max(counts[m], 1) {
        scale *= WindowTable.nearPlace
        if scale * size(m, r) > least / 4 { count = r + 1 }
      }
      return count
    }
    powers = counts.isEmpty ? members : members.map { Self.combined($0, Chebyshev.powers) }
  }

  /// Whether the last two coefficients in ln q1 and in ln(q2 / q1) are below `bound`; all further
  /// coefficients are then below `bound` as well.
  private static func areResolved(_ members: [[[[Double]]]], _ bound: Double) -> Bool {
    members.allSatisfy { firsts in
      firsts.enumerated().allSatisfy { place, roots in
        let isLast = place >= firsts.count - 2
        return roots.allSatisfy { ratios in
          (isLast ? ratios[...] : ratios.suffix(2)).allSatisfy { abs($0) <= bound }
        }
      }
    }
  }

  /// Appends the coefficients of both members for the powers `rs` of xi at power `m` of y.
  func append(_ m: Int, _ rs: some Sequence<Int>, to numbers: inout [[Double]]) {
    for r in rs {
      for a in numbers.indices {
        for member in powers { numbers[numbers.count - 1 - a].append(member[a][m][r]) }
      }
    }
  }

  /// Chebyshev coefficients [place in the cell][y][xi].
  private static func transformed(
    _ samples: WindowSamples, _ part: DualPart, _ isOfCorrelation: Bool
  ) -> [[[Double]]] {
    let perFirst = samples.values.map { parts -> [[Double]] in
      let byRoot = parts[part.rawValue].map {
        isOfCorrelation ? samples.rootRule.coefficients($0) : $0
      }
      return byRoot[0].indices.map { m in samples.ratioRule.coefficients(byRoot.map { $0[m] }) }
    }
    return combined(perFirst) { WindowSamples.firstRule.coefficients($0) }
  }

  /// Applies a map along the first index.
  private static func combined(
    _ values: [[[Double]]], _ map: ([Double]) -> [Double]
  ) -> [[[Double]]] {
    var result = values
    for m in values[0].indices {
      for r in values[0][m].indices {
        for (a, number) in map(values.map { $0[m][r] }).enumerated() { result[a][m][r] = number }
      }
    }
    return result
  }

  /// Converts the kept terms from Chebyshev polynomials to powers of xi, and to `basis` in y.
  private static func powers(
    _ coefficients: [[Double]], _ counts: [Int], _ basis: WindowTable.Basis
  ) -> [[Double]] {
    let kept = counts.enumerated().map { m, count in
      Chebyshev.powers(Array(coefficients[m].prefix(count)))
    }
    guard basis == .powers else { return kept }
    var result = kept
    for r in 0..<(counts.first ?? 0) {
      let column = kept.prefix { $0.count > r }.map { $0[r] }
      for (m, number) in Chebyshev.powers(column).enumerated() { result[m][r] = number }
    }
    return result
  }

  private static func largest(_ coefficients: [[Double]]) -> Double {
    coefficients.joined().reduce(0) { max($0, abs($1)) }
  }
}
