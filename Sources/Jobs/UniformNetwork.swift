import RecursionCore

/// A network whose affine layers all have the same variances, with one activation between each two.
/// Mean-field theory covers such networks.
public struct UniformNetwork: Sendable, Equatable {
  /// The activation, with its parameters.
  public let activation: LayerDescription
  /// sigma_w^2.
  public let weightVariance: Double
  /// sigma_b^2.
  public let biasVariance: Double
  /// The number of affine layers, including the last one.
  public let affineLayers: Int
  /// Whether a global average pool mixes the pixels; only for networks whose layers keep the size of the image.
  public let poolsPixels: Bool

  /// The network of a preset; nil if the preset also has other layers.
  init?(_ preset: String, _ values: PresetValues) {
    let pools = preset == Preset.cnnGAP.name
    guard [Preset.fcn.name, Preset.cnnFlatten.name].contains(preset) || pools,
      values.trained == .all, !pools || values.padding != .valid
    else { return nil }
    activation = values.activation
    weightVariance = values.weightVariance
    biasVariance = values.biasVariance
    affineLayers = values.depth + 1
    poolsPixels = pools
  }
}
