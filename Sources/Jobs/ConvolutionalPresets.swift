import RecursionCore

extension Preset {
  /// `cnn-flatten`: depth x (convolution, activation), then flatten, dense.
  static let cnnFlatten = cnn("cnn-flatten", readout: "flatten")

  /// `cnn-gap`: depth x (convolution, activation), then global average pooling, dense.
  static let cnnGAP = cnn("cnn-gap", readout: "global_average_pool")

  private static func cnn(_ name: String, readout: String) -> Preset {
    Preset(
      name: name,
      parameters: [
        .depth, .activation, .weightVariance, .biasVariance, .padding, .filter, .trained,
      ]
    ) { (values) throws(PresetConflict) in
      values.pairs(values.convolution, count: values.depth)
        + [LayerDescription(readout), values.dense]
    }
  }
}
