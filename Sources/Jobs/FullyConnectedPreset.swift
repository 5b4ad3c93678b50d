import RecursionCore

extension Preset {
  /// `fcn`: flatten, then depth x (dense, activation), then dense.
  static let fcn = Preset(
    name: "fcn", summary: "flatten, depth x (dense, activation), dense",
    parameters: [.depth, .activation, .weightVariance, .biasVariance, .trained]
  ) { (values) throws(PresetConflict) in
    [LayerDescription("flatten")] + values.pairs(values.dense, count: values.depth)
      + [values.dense]
  }
}
