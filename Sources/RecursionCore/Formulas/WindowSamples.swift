import CVector

/// The parts that the duals of pairs consist of. Let A_i be the unit vectors of the Hermite
/// coefficients of phi at q_i, p_n = A_1n A_2n, c = |correlation| and v = 1 - c^2; for phi', use
/// the coefficients of phi'. Then
///
///     G_even = sum_(n even) p_n (1 - c^n) / v,    G_odd = sum_(n odd) p_n (1 - c^(n-1)) / v
///     ones = sum_(n odd) p_n,                     distance = |A_1 - A_2|^2 / 2
///
/// The even part of the dual is 1 - distance - ones - v G_even, the odd part is c (ones - v G_odd),
/// and the deficit of the dual is distance + (1 - c) ones + v (G_even + c G_odd): nothing cancels.
/// G_even and G_odd depend on c^2 alone, and are smooth in s = sqrt(v): their singularity at
/// c^2 = 1 is one in s^2, and the next one lies beyond s = -1.
enum DualPart: Int, CaseIterable {
  case valueEven, slopeOdd, valueOdd, slopeEven
  /// These parts depend on ln(q2 / q1) only, not on the correlation.
  case valueOnes, slopeOnes, valueDistance, slopeDistance
}

/// Two parts, one of phi and one of phi', whose polynomials are computed side by side. They have
/// opposite parities, because the derivative of an even function is odd.
enum DualParts: Int, CaseIterable {
  case even, odd, ones, distance

  var members: [DualPart] {
    switch self {
    case .even: return [.valueEven, .slopeOdd]
    case .odd: return [.valueOdd, .slopeEven]
    case .ones: return [.valueOnes, .slopeOnes]
    case .distance: return [.valueDistance, .slopeDistance]
    }
  }

  /// Whether the parts depend on the correlation.
  var areOfCorrelation: Bool { self == .even || self == .odd }
}

/// The parts of the dual of one function at a pair of variances; see `DualPart`.
struct PairParts {
  /// Values at every node in s.
  let even: [Double]
  let odd: [Double]
  let ones: Double
  let distance: Double
}

/// The expansion of an activation at one variance, from which windows are made.
protocol WindowExpansion {
  /// The nodes in s.
  static var rule: Chebyshev { get }
  /// The largest size of a table's last coefficients in units of its tolerance; rounding takes up
  /// part of the tolerance.
  static var largestTail: Double { get }
  /// The parities of phi and phi'.
  var parities: (value: WindowSamples.Parity, slope: WindowSamples.Parity) { get }
  /// Whether the odd parts of phi and of phi' jump at 0: see `WindowTable.Shape`.
  var oddJumps: (value: Bool, slope: Bool) { get }
  /// For each of some other variances, the parts of phi and phi' for this variance and the other
  /// one.
  func parts(with others: [Self]) -> [(value: PairParts, slope: PairParts)]
}

/// A window: pairs with q1 in a cell of the grid and ln(q2 / q1) within `halfWidth` of the window's
/// middle. The parts are sampled at the Chebyshev nodes of ln q1, ln(q2 / q1) and s.
struct WindowSamples {
  /// Half of the width in ln(q2 / q1), which is a factor of 2.83.
  static let halfWidth = 1.5 * 0.6931471805599453
  /// Number of windows on each side of the middle one.
  static let reach = 3

  /// The terms in ln q1.
  static let firstRule = Chebyshev(11)
  /// The terms in ln(q2 / q1): the first rule suffices for nearly all functions, the second is for
  /// functions that oscillate.
  static let ratioRules = [Chebyshev(22), Chebyshev(44)]

  /// The middle of a window.
  static func middle(_ window: Int) -> Double { 2 * halfWidth * Double(window) }

  let cell: Int
  /// The rules in ln(q2 / q1), and in s.
  let ratioRule: Chebyshev
  let rootRule: Chebyshev
  /// `largestTail` of the expansions.
  let largestTail: Double
  /// [node in ln q1][part] of samples [ratio][root], or [ratio] for parts that do not depend on the
  /// correlation.
  private(set) var values: [[[[Double]]]] = []
  /// The parities of the parts of phi and of phi'.
  private(set) var valueParity = Parity()
  private(set) var slopeParity = Parity()
  /// Whether the odd parts of phi and phi' jump at 0.
  private(set) var oddJumps = (value: false, slope: false)

  /// The parts that a function has.
  struct Parity: Equatable {
    var hasEven = false
    var hasOdd = false

    mutating func note(_ unit: [Double]) {
      for (n, a) in unit.enumerated() where abs(a) > 1e-14 {
        if n % 2 == 0 { hasEven = true } else { hasOdd = true }
      }
    }

    mutating func note(_ other: Parity) {
      hasEven = hasEven || other.hasEven
      hasOdd = hasOdd || other.hasOdd
    }
  }

  /// Returns nil if an expansion is missing.
  init?<Expansion: WindowExpansion>(
    cell: Int, window: Int, _ ratioRule: Chebyshev, _ expansion: (Double) -> Expansion?
  ) {
    self.cell = cell
    self.ratioRule = ratioRule
    rootRule = Expansion.rule
    largestTail = Expansion.largestTail
    for tau in Self.firstRule.nodes {
      let logarithm = VarianceCell.logarithm(cell, tau)
      guard let x = expansion(ntk_exp(logarithm)) else { return nil }
      let ratios = ratioRule.nodes.map { Self.middle(window) + Self.halfWidth * $0 }
      var others: [Expansion] = []
      for ratio in ratios {
        guard let y = expansion(ntk_exp(logarithm + ratio)) else { return nil }
        others.append(y)
      }
      for known in [x] + others {
        valueParity.note(known.parities.value)
        slopeParity.note(known.parities.slope)
      }
      oddJumps = x.oddJumps
      values.append(Self.samples(x.parts(with: others), window == 0 ? ratios : nil))
    }
  }

  /// The samples by part. In the middle window, which includes ln(q2 / q1) = 0, distances are
  /// divided by the square of ln(q2 / q1).
  private static func samples(
    _ pairs: [(value: PairParts, slope: PairParts)], _ ratios: [Double]?
  ) -> [[[Double]]] {
    var parts = [[[Double]]](repeating: [], count: DualPart.allCases.count)
    for (place, (value, slope)) in pairs.enumerated() {
      let scale = ratios.map { 1 / ($0[place] * $0[place]) } ?? 1
      let all = [
        value.even, slope.odd, value.odd, slope.even, [value.ones], [slope.ones],
        [value.distance * scale], [slope.distance * scale],
      ]
      for (part, sample) in all.enumerated() { parts[part].append(sample) }
    }
    return parts
  }
}
