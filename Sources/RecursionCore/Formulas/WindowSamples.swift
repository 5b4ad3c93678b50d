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

/// A window: pairs with q1 in a cell of the grid and ln(q2 / q1) within `halfWidth` of the window's
/// middle. The parts are sampled at Chebyshev's nodes of all three.
struct WindowSamples {
  /// Half of the width in ln(q2 / q1); a factor of 2.83.
  static let halfWidth = 1.5 * 0.6931471805599453
  /// Windows on each side of the middle one.
  static let reach = 3

  /// Terms in ln q1, in ln(q2 / q1) and in s.
  static let rules = (first: Chebyshev(11), ratio: Chebyshev(22), root: Chebyshev(96))

  /// The middle of a window.
  static func middle(_ window: Int) -> Double { 2 * halfWidth * Double(window) }

  let cell: Int
  /// [first][part] of samples [ratio][root], or [ratio] for those that are not of the correlation.
  private(set) var values: [[[[Double]]]] = []
  /// Whether phi, or phi', has parts of each parity.
  private(set) var valueParity = Parity()
  private(set) var slopeParity = Parity()

  /// The parts that a function has.
  struct Parity: Equatable {
    var hasEven = false
    var hasOdd = false

    mutating func note(_ unit: [Double]) {
      for (n, a) in unit.enumerated() where abs(a) > 1e-14 {
        if n % 2 == 0 { hasEven = true } else { hasOdd = true }
      }
    }
  }

  /// nil where an expansion is missing.
  init?(cell: Int, window: Int, _ expansion: (Double) -> HermiteExpansion?) {
    self.cell = cell
    let squares = Self.rules.root.nodes.map { 1 - ($0 + 1) * ($0 + 1) / 4 }
    for tau in Self.rules.first.nodes {
      let logarithm = VarianceCell.logarithm(cell, tau)
      guard let x = expansion(ntk_exp(logarithm)) else { return nil }
      var parts = [[[Double]]](repeating: [], count: DualPart.allCases.count)
      for xi in Self.rules.ratio.nodes {
        let ratio = Self.middle(window) + Self.halfWidth * xi
        guard let y = expansion(ntk_exp(logarithm + ratio)) else { return nil }
        valueParity.note(x.values)
        valueParity.note(y.values)
        slopeParity.note(x.slopes)
        slopeParity.note(y.slopes)
        for (place, sample) in Self.sample(x, y, ratio, window, squares).enumerated() {
          parts[place].append(sample)
        }
      }
      values.append(parts)
    }
  }

  /// All parts at one pair of variances.
  private static func sample(
    _ x: HermiteExpansion, _ y: HermiteExpansion, _ ratio: Double, _ window: Int,
    _ squares: [Double]
  ) -> [[Double]] {
    let scale = window == 0 ? 1 / (ratio * ratio) : 1
    func parts(_ a: [Double], _ b: [Double]) -> (
      even: [Double], odd: [Double], ones: Double, distance: Double
    ) {
      let products = zip(a, b).map { $0 * $1 }
      var (ones, distance) = (0.0, 0.0)
      for n in stride(from: max(a.count, b.count) - 1, through: 0, by: -1) {
        let difference = (n < a.count ? a[n] : 0) - (n < b.count ? b[n] : 0)
        distance += difference * difference
        if n % 2 == 1, n < products.count { ones += products[n] }
      }
      let (even, odd) = sums(products, squares)
      return (even, odd, ones, distance / 2 * scale)
    }
    let (values, slopes) = (parts(x.values, y.values), parts(x.slopes, y.slopes))
    return [
      values.even, slopes.odd, values.odd, slopes.even, [values.ones], [slopes.ones],
      [values.distance], [slopes.distance],
    ]
  }

  /// G_even and G_odd at every c^2, by Horner's rule over the sums of the products behind:
  /// (1 - c^(2k)) / (1 - c^2) = 1 + c^2 + ... + c^(2k-2).
  private static func sums(
    _ p: [Double], _ squares: [Double]
  ) -> (even: [Double], odd: [Double]) {
    func sum(_ parity: Int) -> [Double] {
      var (rest, horner) = (0.0, [Double](repeating: 0, count: squares.count))
      let last = p.count - 1 - (p.count - 1 - parity + 2) % 2
      for n in stride(from: last, to: parity, by: -2) {
        rest += p[n]
        for index in squares.indices { horner[index] = rest + squares[index] * horner[index] }
      }
      return horner
    }
    return (sum(0), sum(1))
  }
}
