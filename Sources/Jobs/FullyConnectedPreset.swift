import RecursionCore

extension Preset {
  /// `fcn`: flatten, then depth x (dense, activation), then dense.
  static let fcn = Preset(
    name: "fcn", parameters: [.depth, .activation, .weightVariance, .biasVariance]
  ) { values in
    let dense = LayerDescription(
      "dense",
      [
        .init("weight_variance", .number(values.weightVariance)),
        .init("bias_variance", .number(values.biasVariance)),
      ])
    let pairs = (0..<values.depth).flatMap { _ in [dense, values.activation] }
    return [LayerDescription("flatten")] + pairs + [dense]
  }
}
