import RecursionCore

/// A network of which every affine layer has the same variances, with one activation between each two:
/// what mean-field theory speaks of.
public struct UniformNetwork: Sendable, Equatable {
  /// The activation, with its parameters.
  public let activation: LayerDescription
  /// sigma_w^2.
  public let weightVariance: Double
  /// sigma_b^2.
  public let biasVariance: Double
  /// Affine layers, the last one included.
  public let affineLayers: Int
  /// Whether a global average pool mixes the pixels; only where layers keep the image's size.
  public let poolsPixels: Bool

  /// The network of a preset; nil where it has other layers too.
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
