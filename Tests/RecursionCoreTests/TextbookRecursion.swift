import Foundation
import RecursionCore

/// The slow reference: the recursion as the papers write it, in plain double arithmetic on K and
/// Theta alone. Near c = 1 it loses half of its digits, and is not compared.
struct TextbookRecursion {
  struct Kernels {
    var k: [Double]  // K11, K22, K12
    var theta: [Double]
    /// The least 1 - c of all layers: the reference's own rounding grows with its inverse root.
    var closest = Double.infinity
  }

  static func run(_ layers: [LayerDescription], q1: Double, q2: Double, k: Double) -> Kernels {
    var state = Kernels(k: [q1, q2, k], theta: [0, 0, 0])
    for layer in layers {
      let closest = min(state.closest, 1 - state.k[2] / (state.k[0] * state.k[1]).squareRoot())
      state = apply(layer, state)
      state.closest = closest
    }
    return state
  }

  private static func number(_ layer: LayerDescription, _ name: String, _ fallback: Double)
    -> Double
  {
    for parameter in layer.parameters where parameter.name == name {
      if case .number(let value) = parameter.value { return value }
    }
    return fallback
  }

  private static func apply(_ layer: LayerDescription, _ state: Kernels) -> Kernels {
    switch layer.name {
    case "dense":
      let w = number(layer, "weight_variance", 1)
      let k = state.k.map { w * $0 + number(layer, "bias_variance", 0) }
      return Kernels(k: k, theta: zip(k, state.theta).map { $0 + w * $1 })
    case "relu":
      return activate(state) { q1, q2, k in
        let s = (q1 * q2).squareRoot()
        let c = min(max(k / s, -1), 1)
        let angle = Double.pi - acos(c)
        return (s * ((1 - c * c).squareRoot() + angle * c) / (2 * .pi), angle / (2 * .pi))
      }
    case "erf":
      let a = number(layer, "amplitude", 1)
      let b = number(layer, "scale", 1)
      let shift = number(layer, "shift", 0)
      return activate(state) { q1, q2, k in
        let d = (1 + 2 * b * b * q1) * (1 + 2 * b * b * q2)
        let x = 2 * b * b * k
        return (
          a * a * 2 / .pi * asin(x / d.squareRoot()) + shift * shift,
          a * a * b * b * 4 / .pi / (d - x * x).squareRoot()
        )
      }
    case "sin", "cos":
      let a = number(layer, "amplitude", 1)
      let b = number(layer, "frequency", 1)
      let c = number(layer, "phase", 0) + (layer.name == "cos" ? Double.pi / 2 : 0)
      return activate(state) { q1, q2, k in
        let difference = exp(-b * b * (q1 + q2 - 2 * k) / 2)
        let sum = cos(2 * c) * exp(-b * b * (q1 + q2 + 2 * k) / 2)
        return (a * a / 2 * (difference - sum), a * a * b * b / 2 * (difference + sum))
      }
    case "gelu":
      return activate(state) { q1, q2, k in
        let d = (1 + q1) * (1 + q2)
        let e = d - k * k
        let angle = asin(k / d.squareRoot())
        let slope = 1 / (1 + q1) + 1 / (1 + q2) + 1 / e
        return (
          k / 4 + (k * angle + (k * k + q1 * q2 * e) / (d * e.squareRoot())) / (2 * .pi),
          0.25 + (angle + k / e.squareRoot() * slope) / (2 * .pi)
        )
      }
    default: return PlainDuals(layer).map { activate(state, $0.dual) } ?? state
    }
  }

  private static func activate(
    _ state: Kernels, _ dual: (Double, Double, Double) -> (Double, Double)
  ) -> Kernels {
    let duals = [
      dual(state.k[0], state.k[0], state.k[0]), dual(state.k[1], state.k[1], state.k[1]),
      dual(state.k[0], state.k[1], state.k[2]),
    ]
    return Kernels(k: duals.map(\.0), theta: zip(duals, state.theta).map { $0.1 * $1 })
  }
}
