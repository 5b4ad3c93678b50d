import Glibc
import RecursionCore

/// Moments of an activation phi of normal variables, including the constant of phi.
public struct GaussianMoments: Sendable {
  /// E[phi(u)^2] for u ~ N(0, q).
  let square: @Sendable (_ q: Double) -> Double
  /// E[phi'(u)^2].
  let derivativeSquare: @Sendable (_ q: Double) -> Double
  /// E[phi(u)^2] - E[phi(u) phi(v)] and E[phi'(u) phi'(v)], for correlation 1 - `gap`.
  let pair: @Sendable (_ q: Double, _ gap: Double) -> (deficit: Double, derivative: Double)

  /// The names of the known activations.
  public static var names: [String] { LayerCatalog.activations.map { $0.name } }

  /// The moments of the activation `name` with the default parameters; nil if there is no such
  /// activation, or if it needs parameters.
  public init?(named name: String) {
    self.init(LayerDescription(name))
  }

  /// The moments of a layer; nil if it is not an activation.
  public init?(_ layer: LayerDescription) {
    guard let moments = try? Self(activation: layer) else { return nil }
    self = moments
  }

  /// The moments of a layer.
  ///
  /// Errors: a layer that is not an activation, or whose parameters are invalid.
  public init(activation layer: LayerDescription) throws(NetworkError) {
    guard let activation = try LayerCatalog.activation(layer, position: layer.name) else {
      throw NetworkError(
        position: layer.name,
        reason: "unknown activation (known: \(Self.names.joined(separator: ", ")))")
    }
    self.init(activation)
  }

  private init<A: Activation>(_ activation: A) {
    let constant = activation.constantMean * activation.constantMean
    // Variances beyond the range of the formulas are treated as growing without bound.
    let largest = activation.largestVariance(.f64)
    square = { $0 <= largest ? activation.moments(variance: $0).square + constant : .infinity }
    guard activation.jumps else {
      derivativeSquare = {
        $0 <= largest ? activation.moments(variance: $0).derivativeSquare : .infinity
      }
      pair = { $0 <= largest ? activation.dual(variance: $0, gap: $1) : (.nan, .nan) }
      return
    }
    // The covariance of nearby inputs decreases with the root of their distance, so the slope is
    // infinite.
    derivativeSquare = { _ in .infinity }
    pair = { variance, gap in
      let step = gap * 1e-5
      let deficits = [gap - step, gap, gap + step].map {
        activation.dual(variance: variance, gap: $0).deficit
      }
      return (deficits[1], (deficits[2] - deficits[0]) / (2 * step * variance))
    }
  }
}
