import CVector

/// The standard normal distribution.
enum Normal {
  /// e^(-z^2 / 2) / sqrt(2 pi).
  static func density(_ z: Double) -> Double { 0.3989422804014327 * ntk_exp(-z * z / 2) }

  /// P(Z > z).
  static func tail(_ z: Double) -> Double { ntk_erfc(z / 2.squareRoot()) / 2 }

  /// P(0 < Z < z), negative for z < 0, with full relative accuracy near 0.
  static func center(_ z: Double) -> Double { ntk_erf(z / 2.squareRoot()) / 2 }

  /// P(a < Z < b), negative for b < a, with full relative accuracy for short intervals.
  static func probability(_ a: Double, _ b: Double) -> Double {
    abs(b - a) < shortest ? integral(a, b) { _ in 1 } : tail(a) - tail(b)
  }

  /// The linear function A x + B.
  struct Line {
    let slope: Double
    let offset: Double

    func value(_ x: Double) -> Double { slope * x + offset }
  }

  /// E[f(Z) g(Z) 1(a < Z < b)] of two linear functions; the ends may be infinite.
  static func product(_ f: Line, _ g: Line, _ a: Double, _ b: Double) -> Double {
    if b - a < shortest { return integral(a, b) { f.value($0) * g.value($0) } }
    func edge(_ z: Double) -> (density: Double, product: Double) {
      guard z.isFinite else { return (0, 0) }
      let density = density(z)
      return (density, z * density)
    }
    let (low, high) = (edge(a), edge(b))
    return f.slope * g.slope * (probability(a, b) + low.product - high.product)
      + (f.slope * g.offset + f.offset * g.slope) * (low.density - high.density)
      + f.offset * g.offset * probability(a, b)
  }

  /// The longest interval that is integrated with eight nodes: on short intervals, differences of
  /// tails would lose digits.
  private static let shortest = 0.5
  private static let rule = GaussLegendre(8)

  /// The integral of `function` times the density over a short interval.
  private static func integral(
    _ a: Double, _ b: Double, _ function: (Double) -> Double
  ) -> Double {
    guard a != b else { return 0 }
    let (middle, half) = ((a + b) / 2, (b - a) / 2)
    var sum = 0.0
    for (node, weight) in zip(rule.nodes, rule.weights) {
      let z = middle + half * node
      sum += weight * function(z) * density(z)
    }
    return half * sum
  }
}
