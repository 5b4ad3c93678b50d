import RecursionCore

extension Preset {
  /// `cnn-flatten`: depth x (convolution, activation), then flatten, dense.
  static let cnnFlatten = cnn("cnn-flatten", readout: "flatten", "flatten")

  /// `cnn-gap`: depth x (convolution, activation), then global average pooling, dense.
  static let cnnGAP = cnn("cnn-gap", readout: "global_average_pool", "global average pool")

  private static func cnn(_ name: String, readout: String, _ words: String) -> Preset {
    Preset(
      name: name, summary: "depth x (convolution, activation), \(words), dense",
      parameters: [
        .depth, .activation, .weightVariance, .biasVariance, .padding, .filter, .trained,
      ]
    ) { (values) throws(PresetConflict) in
      values.pairs(values.convolution, count: values.depth)
        + [LayerDescription(readout), values.dense]
    }
  }
}
