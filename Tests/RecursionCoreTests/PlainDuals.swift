import Foundation
import RecursionCore

/// The duals E[phi(u) phi(v)] and E[phi'(u) phi'(v)] of one activation, from the textbook formulas.
struct PlainDuals {
  typealias Dual = (_ q1: Double, _ q2: Double, _ k: Double) -> (value: Double, derivative: Double)
  /// phi itself, for quadrature.
  let function: (Double) -> Double
  /// phi'.
  let derivative: (Double) -> Double
  /// Both duals for (u,v) normal with variances q1, q2 and covariance k, |k| <= sqrt(q1 q2).
  let dual: Dual

  /// The activation that `layer` names, nil if it is none.
  init?(_ layer: LayerDescription) {
    func number(_ name: String, _ fallback: Double) -> Double { layer.number(name, fallback) }
    switch layer.name {
    case "relu": self = .relu
    case "leaky_relu": self = .abrelu(number("negative_slope", 0.01), 1)
    case "abs": self = .abrelu(-1, 1)
    case "abrelu": self = .abrelu(number("negative_slope", .nan), number("positive_slope", .nan))
    case "gelu": self = .gelu
    case "erf":
      self = .erf(a: number("amplitude", 1), b: number("scale", 1), c: number("shift", 0))
    case "sigmoid_like": self = .erf(a: 0.5, b: 1 / 2.4020563531719796, c: 0.5)
    case "sin":
      self = .sin(a: number("amplitude", 1), b: number("frequency", 1), c: number("phase", 0))
    case "cos":
      self = .sin(
        a: number("amplitude", 1), b: number("frequency", 1), c: number("phase", 0) + .pi / 2)
    case "rbf": self = .rbf(number("gamma", 1))
    case "gaussian": self = .gaussian(a: number("amplitude", 1), b: number("rate", -1))
    case "exp": self = .exponential(a: number("amplitude", 1), b: number("rate", 1))
    case "exp_normalized": self = .expNormalized(number("gamma", 1), shift: number("shift", -1))
    case "gabor": self = .gabor
    case "sign": self = .sign
    case "polynomial": self = .polynomial(layer.numbers("coefficients", []))
    case "monomial": self = .polynomial(Self.monomial(Int(number("degree", 0))))
    case "hermite": self = .polynomial(Self.hermite(Int(number("degree", 0))))
    case "rectified_monomial": self = .rectifiedMonomial(Int(number("degree", 0)))
    default: return nil
    }
  }

  init(
    _ function: @escaping (Double) -> Double, _ derivative: @escaping (Double) -> Double,
    _ dual: @escaping Dual
  ) {
    (self.function, self.derivative, self.dual) = (function, derivative, dual)
  }

  /// sqrt(q1 q2) (sin t + (pi - t) cos t) / (2 pi) and (pi - t) / (2 pi), cos t = k / sqrt(q1 q2).
  ///
  /// Where q1 = q2 = k the values are exactly k / 2 and 1/2. Source: Cho and Saul 2009, eq. 3 to 6.
  private static var relu: PlainDuals {
    PlainDuals({ max($0, 0) }, { $0 > 0 ? 1 : 0 }) { q1, q2, k in
      if q1 == q2 && q1 == k { return (k / 2, 0.5) }
      let sine = max(q1 * q2 - k * k, 0).squareRoot()
      let angle = Double.pi - atan2(sine, k)
      return ((sine + angle * k) / (2 * .pi), angle / (2 * .pi))
    }
  }

  /// a erf(bx) + c: a^2 (2/pi) asin(2 b^2 k / sqrt(d)) + c^2 and (2ab)^2 / (pi sqrt(d - 4 b^4 k^2)),
  /// d = (1 + 2 b^2 q1) (1 + 2 b^2 q2).
  ///
  /// Source: Williams 1997, eq. 11; asin(y / sqrt(d)) = atan2(y, sqrt(d - y^2)).
  private static func erf(a: Double, b: Double, c: Double) -> PlainDuals {
    PlainDuals(
      { a * Foundation.erf(b * $0) + c },
      { 2 * a * b / Double.pi.squareRoot() * exp(-b * b * $0 * $0) }
    ) { q1, q2, k in
      let (p1, p2, y) = (2 * b * b * q1, 2 * b * b * q2, 2 * b * b * k)
      let root = (1 + p1 + p2 + max(p1 * p2 - y * y, 0)).squareRoot()
      return (a * a * 2 / .pi * atan2(y, root) + c * c, 4 * a * a * b * b / (.pi * root))
    }
  }

  /// a sin(bx + c): a^2/2 (e^- - cos(2c) e^+) and (ab)^2/2 (e^- + cos(2c) e^+),
  /// e^∓ = exp(-b^2 (q1 + q2 ∓ 2k) / 2).
  ///
  /// From sin s sin t = (cos(s-t) - cos(s+t)) / 2 and E cos(z + t) = cos t exp(-var z / 2).
  private static func sin(a: Double, b: Double, c: Double) -> PlainDuals {
    PlainDuals({ a * Foundation.sin(b * $0 + c) }, { a * b * Foundation.cos(b * $0 + c) }) {
      q1, q2, k in
      let minus = exp(-b * b * (q1 + q2 - 2 * k) / 2)
      let plus = Foundation.cos(2 * c) * exp(-b * b * (q1 + q2 + 2 * k) / 2)
      return (a * a / 2 * (minus - plus), a * a * b * b / 2 * (minus + plus))
    }
  }

  /// x Phi(x): k/4 + k t/(2 pi) + (k^2 + q1 q2 d^2) / (2 pi s d), s = (1 + q1)(1 + q2),
  /// d^2 = s - k^2, t = asin(k / sqrt(s)); the derivative dual is its derivative in k.
  ///
  /// Source: Tsuchida, Pearce, van der Heide, Roosta, Gallagher 2020, appendix; the derivative by
  /// Price's theorem with dt/dk = 1/d and dd/dk = -k/d.
  private static var gelu: PlainDuals {
    let density = { (x: Double) in exp(-x * x / 2) / (2 * Double.pi).squareRoot() }
    let normal = { (x: Double) in 0.5 * erfc(-x / 2.0.squareRoot()) }
    return PlainDuals({ $0 * normal($0) }, { normal($0) + $0 * density($0) }) { q1, q2, k in
      let s = (1 + q1) * (1 + q2)
      let squared = 1 + q1 + q2 + max(q1 * q2 - k * k, 0)
      let d = squared.squareRoot()
      let t = atan2(k, d)
      let value = k / 4 + (k * t + (k * k + q1 * q2 * squared) / (s * d)) / (2 * .pi)
      let slope = 1 / squared + (1 - q1 * q2) / s + 1
      return (value, 0.25 + (t + k / d * slope) / (2 * .pi))
    }
  }
}
