/// A fully connected layer, applied to every position alone:
///
///     K <- w K + b,    Theta <- K_new + w Theta
///
/// (`stax.Dense`.) See `AffineMap` for the parameterizations, and `AffineStep` for deficits.
struct Dense: Layer {
  static let name = "dense"

  private let weights: WeightParameters

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    weights = try WeightParameters(&parameters)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let map = try weights.map(inputs: network.signal.width, taps: 1, network.position)
    network.add(.affine(map))
    network.signal.kind = .preActivations
    network.signal.width = weights.width
  }
}

/// The parameters that every layer with weights has.
struct WeightParameters: Sendable, Equatable {
  enum Parameterization: String, CaseIterable {
    case ntk
    case standard
  }

  /// sigma_w^2 and sigma_b^2.
  let weightVariance: Double
  let biasVariance: Double
  /// Whether the parameters are trained.
  let isTrained: Bool
  let parameterization: Parameterization
  /// Channels of the finite network, if they matter.
  let width: Double?

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    weightVariance = try parameters.number("weight_variance", default: 1, atLeast: 0)
    biasVariance = try parameters.number("bias_variance", default: 0, atLeast: 0)
    isTrained = try parameters.flag("trained", default: true)
    parameterization = try parameters.word(
      "parameterization", of: Parameterization.self, default: .ntk)
    width = try parameters.optionalCount("width", atLeast: 1).map(Double.init)
  }

  /// The affine map of the layer.
  ///
  /// - Parameters:
  ///   - inputs: number of channels of the signal before the layer; nil if it is not specified.
  ///   - taps: number of positions under the layer's window.
  func map(inputs: Double?, taps: Int, _ position: String) throws(NetworkError) -> AffineMap {
    var (trainedWeight, trainedBias) = (weightVariance, biasVariance)
    if parameterization == .standard {
      guard let inputs else {
        throw NetworkError(
          position: position,
          reason: "parameterization: standard needs the number of channels that reach it; set "
            + "width in the layer before")
      }
      (trainedWeight, trainedBias) = (inputs * Double(taps), biasVariance > 0 ? 1 : 0)
    }
    return AffineMap(
      weightVariance: weightVariance, biasVariance: biasVariance,
      trainedWeight: isTrained ? trainedWeight : 0, trainedBias: isTrained ? trainedBias : 0)
  }
}
