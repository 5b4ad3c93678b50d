import RecursionCore

/// A family of networks that a job can name. To add one: one file, one line in `all`.
struct Preset: Sendable {
  /// Its name in a job.
  let name: String
  /// What a job can say of it.
  let parameters: [PresetParameter]
  /// The layers for one choice of the parameters.
  let expand: @Sendable (PresetValues) -> [LayerDescription]

  /// Every preset, in the order of error messages.
  static let all: [Preset] = [.fcn]
}

/// A parameter that presets share; the raw value is its key in a job.
enum PresetParameter: String {
  /// The number of (affine, activation) pairs before the last dense layer; `depths` gives several.
  case depth
  /// A layer.
  case activation
  /// sigma_w^2 of every affine layer; `weight_variances` gives several.
  case weightVariance = "weight_variance"
  /// sigma_b^2 of every affine layer; `bias_variances` gives several.
  case biasVariance = "bias_variance"

  /// The key that gives several values, where the parameter can vary.
  var plural: String? {
    switch self {
    case .depth: "depths"
    case .activation: nil
    case .weightVariance: "weight_variances"
    case .biasVariance: "bias_variances"
    }
  }
}

/// One choice of a preset's parameters.
struct PresetValues: Sendable {
  var depth = 1
  var activation = LayerDescription("relu")
  var weightVariance = 2.0
  var biasVariance = 0.0
}
