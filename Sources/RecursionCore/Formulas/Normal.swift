import CVector

/// The standard normal distribution.
enum Normal {
  /// e^(-z^2 / 2) / sqrt(2 pi).
  static func density(_ z: Double) -> Double { 0.3989422804014327 * ntk_exp(-z * z / 2) }

  /// P(Z > z).
  static func tail(_ z: Double) -> Double { ntk_erfc(z / 2.squareRoot()) / 2 }

  /// P(0 < Z < z), negative for z < 0, with full relative accuracy near 0.
  static func center(_ z: Double) -> Double { ntk_erf(z / 2.squareRoot()) / 2 }

  /// P(a < Z < b), negative for b < a, with full relative accuracy where the interval is short.
  static func probability(_ a: Double, _ b: Double) -> Double {
    abs(b - a) < shortest ? integral(a, b) { _ in 1 } : tail(a) - tail(b)
  }

  /// E[(A Z + B)^2 1(a < Z < b)]; the ends may be infinite.
  static func square(_ slope: Double, _ offset: Double, _ a: Double, _ b: Double) -> Double {
    if slope == 0, offset == 0 { return 0 }
    if b - a < shortest {
      return integral(a, b) { (slope * $0 + offset) * (slope * $0 + offset) }
    }
    func edge(_ z: Double) -> (density: Double, product: Double) {
      guard z.isFinite else { return (0, 0) }
      let density = density(z)
      return (density, z * density)
    }
    let (low, high) = (edge(a), edge(b))
    return slope * slope * (probability(a, b) + low.product - high.product)
      + offset * (offset * probability(a, b) + 2 * slope * (low.density - high.density))
  }

  /// Up to where differences of tails would lose digits that eight nodes have.
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
