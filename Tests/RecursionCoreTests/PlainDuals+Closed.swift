import Foundation

/// Activations with a closed form, from the textbook formulas.
extension PlainDuals {
  /// a min(x, 0) + b max(x, 0): (a - b)^2 / (2 pi) sqrt(q1 q2 - k^2) + k d and
  /// d = (a^2 + b^2) / 2 - (a - b)^2 / (2 pi) acos c.
  ///
  /// Source: Tsuchida, Roosta and Gallagher 2018.
  static func abrelu(_ a: Double, _ b: Double) -> PlainDuals {
    PlainDuals({ a * min($0, 0) + b * max($0, 0) }, { $0 > 0 ? b : a }) { q1, q2, k in
      let mean = (a * a + b * b) / 2
      if q1 == q2 && q1 == k { return (k * mean, mean) }
      let sine = max(q1 * q2 - k * k, 0).squareRoot()
      let factor = (a - b) * (a - b) / (2 * .pi)
      let slope = mean - factor * (sine == 0 && k == 0 ? .pi / 2 : atan2(sine, k))
      return (factor * sine + slope * k, slope)
    }
  }

  /// sqrt(2) sin(sqrt(2 g) x + pi/4): exp(-g (q1 + q2 - 2 k)) and 2 g times it.
  static func rbf(_ gamma: Double) -> PlainDuals {
    let frequency = (2 * gamma).squareRoot()
    return PlainDuals(
      { 2.squareRoot() * Foundation.sin(frequency * $0 + .pi / 4) },
      { 2 * gamma.squareRoot() * Foundation.cos(frequency * $0 + .pi / 4) }
    ) { q1, q2, k in
      let value = Foundation.exp(-gamma * (q1 + q2 - 2 * k))
      return (value, 2 * gamma * value)
    }
  }

  /// a exp(b x^2): a^2 r and 4 a^2 b^2 k r^3, 1 / r^2 = (1 - 2 b q1)(1 - 2 b q2) - 4 b^2 k^2.
  static func gaussian(a: Double, b: Double) -> PlainDuals {
    PlainDuals(
      { a * Foundation.exp(b * $0 * $0) }, { 2 * a * b * $0 * Foundation.exp(b * $0 * $0) }
    ) { q1, q2, k in
      let r = 1 / (1 - 2 * b * (q1 + q2) + 4 * b * b * max(q1 * q2 - k * k, 0)).squareRoot()
      return (a * a * r, 4 * a * a * b * b * k * r * r * r)
    }
  }

  /// a exp(b x): a^2 exp(b^2 ((q1 + q2) / 2 + k)) and b^2 times it.
  static func exponential(a: Double, b: Double) -> PlainDuals {
    PlainDuals({ a * Foundation.exp(b * $0) }, { a * b * Foundation.exp(b * $0) }) { q1, q2, k in
      let value = a * a * Foundation.exp(b * b * ((q1 + q2) / 2 + k))
      return (value, b * b * value)
    }
  }

  /// s exp(gamma (k / s + shift)) and gamma exp(gamma (k / s + shift)), s = sqrt(q1 q2); no function
  /// stands for it.
  ///
  /// Source: Shankar et al. 2020.
  static func expNormalized(_ gamma: Double, shift: Double) -> PlainDuals {
    PlainDuals({ _ in .nan }, { _ in .nan }) { q1, q2, k in
      let s = q1 == q2 ? q1 : (q1 * q2).squareRoot()
      let value = Foundation.exp(gamma * ((s > 0 ? k / s : 1) + shift))
      return (s * value, gamma * value)
    }
  }

  /// exp(-x^2) sin(x): (e^- - e^+) / (2 sqrt(E)), e^∓ = exp(-(q1 + q2 + 4 (q1 q2 - k^2) ∓ 2 k) / (2 E)),
  /// E = (1 + 2 q1)(1 + 2 q2) - 4 k^2; the other is its derivative in k.
  ///
  /// The expectation of exp(-u^2 - v^2 + i (u ∓ v)).
  static var gabor: PlainDuals {
    PlainDuals(
      { Foundation.exp(-$0 * $0) * Foundation.sin($0) },
      { Foundation.exp(-$0 * $0) * (Foundation.cos($0) - 2 * $0 * Foundation.sin($0)) }
    ) { q1, q2, k in
      let determinant = max(q1 * q2 - k * k, 0)
      let e = 1 + 2 * (q1 + q2) + 4 * determinant
      func part(_ sign: Double) -> (value: Double, slope: Double) {
        let top = q1 + q2 + 4 * determinant - 2 * sign * k
        let value = Foundation.exp(-top / (2 * e)) / (2 * e.squareRoot())
        let change = 4 * k / e - (-8 * k - 2 * sign) / (2 * e) - 4 * k * top / (e * e)
        return (value, value * change)
      }
      let (minus, plus) = (part(1), part(-1))
      return (minus.value - plus.value, minus.slope - plus.slope)
    }
  }

  /// 1 - (2/pi) acos c, and 0.
  static var sign: PlainDuals {
    PlainDuals({ $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, { _ in 0 }) { q1, q2, k in
      if q1 == 0 || q2 == 0 { return (0, 0) }
      if q1 == q2 && q1 == k { return (1, 0) }
      return (2 / .pi * atan2(k, max(q1 * q2 - k * k, 0).squareRoot()), 0)
    }
  }
}
