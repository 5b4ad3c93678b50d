import CVector

/// What the duals of pairs are made of, per part of a window: with unit vectors A_i of the Hermite
/// coefficients of phi at q_i, p_n = A_1n A_2n, c = |correlation| and v = 1 - c^2, and the same of phi':
///
///     G_even = sum_(n even) p_n (1 - c^n) / v,    G_odd = sum_(n odd) p_n (1 - c^(n-1)) / v
///     ones = sum_(n odd) p_n,                     distance = |A_1 - A_2|^2 / 2
///
/// The even part of the dual is 1 - distance - ones - v G_even, the odd one c (ones - v G_odd), and
/// the deficit of the dual is distance + (1 - c) ones + v (G_even + c G_odd): nothing cancels. Both G
/// depend on c^2 alone, and are smooth in s = sqrt(v): their singularity at c^2 = 1 is one of s^2, and
/// the next one is behind s = -1.
enum DualPart: Int, CaseIterable {
  case valueEven, slopeOdd, valueOdd, slopeEven
  /// Of ln(q2 / q1) alone.
  case valueOnes, slopeOnes, valueDistance, slopeDistance
}

/// Two parts, of phi and of phi', whose polynomials are computed side by side: an even part of phi has
/// an odd derivative.
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

  /// Whether they depend on the correlation.
  var areOfCorrelation: Bool { self == .even || self == .odd }
}

/// The duals of one function at a pair of variances in parts; see `DualPart`.
struct PairParts {
  /// At every node in s.
  let even: [Double]
  let odd: [Double]
  let ones: Double
  let distance: Double
}

/// An activation at one variance, as windows are made from it.
protocol WindowExpansion {
  /// The nodes in s.
  static var rule: Chebyshev { get }
  /// How many times a table's tolerance its last coefficients may be: rounding takes some of it.
  static var largestTail: Double { get }
  /// Which parts phi and phi' have.
  var parities: (value: WindowSamples.Parity, slope: WindowSamples.Parity) { get }
  /// Whether the odd parts of phi and of phi' jump at 0: see `WindowTable.Shape`.
  var oddJumps: (value: Bool, slope: Bool) { get }
  /// The parts with each of some other variances, of phi and of phi'.
  func parts(with others: [Self]) -> [(value: PairParts, slope: PairParts)]
}

/// A window: pairs with q1 in a cell of the grid and ln(q2 / q1) within `halfWidth` of the window's
/// middle. The parts are sampled at Chebyshev's nodes of all three.
struct WindowSamples {
  /// Half of the width in ln(q2 / q1); a factor of 2.83.
  static let halfWidth = 1.5 * 0.6931471805599453
  /// Windows on each side of the middle one.
  static let reach = 3

  /// Terms in ln q1.
  static let firstRule = Chebyshev(11)
  /// Terms in ln(q2 / q1): as many as nearly all functions need, and more for those that oscillate.
  static let ratioRules = [Chebyshev(22), Chebyshev(44)]

  /// The middle of a window.
  static func middle(_ window: Int) -> Double { 2 * halfWidth * Double(window) }

  let cell: Int
  /// Terms in ln(q2 / q1), and in s.
  let ratioRule: Chebyshev
  let rootRule: Chebyshev
  /// That of the expansions.
  let largestTail: Double
  /// [first][part] of samples [ratio][root], or [ratio] for those that are not of the correlation.
  private(set) var values: [[[[Double]]]] = []
  /// Whether phi, or phi', has parts of each parity.
  private(set) var valueParity = Parity()
  private(set) var slopeParity = Parity()
  /// Whether their odd parts jump at 0.
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

  /// nil where an expansion is missing.
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

  /// By part. Near the middle of the window without difference, distances are those over the square of
  /// ln(q2 / q1).
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
