import Foundation
import RecursionCore

/// Moments of an activation phi under normal variables, with phi's constant in them.
public struct GaussianMoments: Sendable {
  /// E[phi(u)^2] for u ~ N(0, q).
  let square: @Sendable (_ q: Double) -> Double
  /// E[phi'(u)^2].
  let derivativeSquare: @Sendable (_ q: Double) -> Double
  /// E[phi(u)^2] - E[phi(u) phi(v)] and E[phi'(u) phi'(v)], for correlation 1 - `gap`.
  let pair: @Sendable (_ q: Double, _ gap: Double) -> (deficit: Double, derivative: Double)

  /// The names that are known.
  public static var names: [String] { LayerCatalog.activations.map { $0.name } + ["tanh"] }

  /// The moments of the activation of that name with its own parameters' defaults; nil where there is
  /// none, or where it needs parameters.
  public init?(named name: String) {
    self.init(LayerDescription(name))
  }

  /// The moments of a layer; nil where it is no activation.
  public init?(_ layer: LayerDescription) {
    guard let moments = try? Self(activation: layer) else { return nil }
    self = moments
  }

  /// The moments of a layer.
  ///
  /// Errors: a layer that is no activation, or whose parameters do not fit.
  public init(activation layer: LayerDescription) throws(NetworkError) {
    if layer.name == "tanh" {
      self = .tanh
      return
    }
    guard let type = LayerCatalog.activations.first(where: { $0.name == layer.name }) else {
      throw NetworkError(
        position: layer.name,
        reason: "no activation is called that; there are \(Self.names.joined(separator: ", "))")
    }
    var parameters = try LayerParameters(layer, position: layer.name)
    let activation = try type.make(&parameters)
    try parameters.finish()
    self.init(activation)
  }

  private init<A: Activation>(_ activation: A) {
    let constant = activation.constantMean * activation.constantMean
    square = { activation.moments(variance: $0).square + constant }
    guard activation.jumps else {
      derivativeSquare = { activation.moments(variance: $0).derivativeSquare }
      pair = { activation.dual(variance: $0, gap: $1) }
      return
    }
    // What nearby inputs have in common falls as the root of their distance: the slope is infinite.
    derivativeSquare = { _ in .infinity }
    pair = { variance, gap in
      let step = gap * 1e-5
      let deficits = [gap - step, gap, gap + step].map {
        activation.dual(variance: variance, gap: $0).deficit
      }
      return (deficits[1], (deficits[2] - deficits[0]) / (2 * step * variance))
    }
  }

  private init(
    square: @escaping @Sendable (Double) -> Double,
    derivativeSquare: @escaping @Sendable (Double) -> Double,
    pair: @escaping @Sendable (Double, Double) -> (deficit: Double, derivative: Double)
  ) {
    (self.square, self.derivativeSquare, self.pair) = (square, derivativeSquare, pair)
  }

  /// By the trapezoidal rule, which converges exponentially for functions analytic near the axis.
  private static let tanh = GaussianMoments(
    square: { q in mean { pow(Foundation.tanh(q.squareRoot() * $0), 2) } },
    derivativeSquare: { q in mean { pow(slope(q.squareRoot() * $0), 2) } },
    pair: { q, gap in
      // u, v = sqrt(q) (a z +- b w) with a^2 = 1 - gap / 2, b^2 = gap / 2; then phi(u)^2 - phi(u) phi(v)
      // has the mean of (phi(u) - phi(v))^2 / 2.
      let (a, b) = ((q * (1 - gap / 2)).squareRoot(), (q * gap / 2).squareRoot())
      let deficit = mean { z in
        mean { w in pow(difference(a * z + b * w, a * z - b * w), 2) / 2 }
      }
      let derivative = mean { z in mean { w in slope(a * z + b * w) * slope(a * z - b * w) } }
      return (deficit, derivative)
    })

  /// tanh x - tanh y, without cancellation.
  private static func difference(_ x: Double, _ y: Double) -> Double {
    sinh(x - y) / (cosh(x) * cosh(y))
  }

  private static func slope(_ x: Double) -> Double {
    let c = cosh(x)
    return 1 / (c * c)
  }

  /// E[f(z)] for z ~ N(0, 1).
  private static func mean(_ f: (Double) -> Double) -> Double {
    let step = 1.0 / 16
    var sum = 0.0
    for index in -192...192 {
      let z = Double(index) * step
      sum += exp(-z * z / 2) * f(z)
    }
    return sum * step / (2 * Double.pi).squareRoot()
  }
}
