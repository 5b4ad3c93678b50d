import RecursionCore

extension Preset {
  /// `vit`: patches as tokens, depth x (residual attention, residual perceptron), and the mean over tokens.
  ///
  /// Source: Dosovitskiy et al., An Image is Worth 16x16 Words, arXiv 2010.11929. Layers are
  /// normalized before attention and before the perceptron, and attention has one kernel for queries and keys.
  static let visionTransformer = Preset(
    name: "vit",
    summary:
      "patches, depth x (residual (layer_norm, self_attention), residual (layer_norm, dense, "
      + "activation, dense)), layer_norm, global average pool, dense",
    parameters: [.blockDepth, .activation, .weightVariance, .biasVariance, .patch]
  ) { (values) throws(PresetConflict) in
    let norm = LayerDescription("layer_norm")
    let block = [
      values.residual([norm, values.attention]),
      values.residual([norm, values.dense, values.activation, values.dense]),
    ]
    return [values.patches] + (0..<values.depth).flatMap { _ in block }
      + [norm, LayerDescription("global_average_pool"), values.dense]
  }
}

extension PresetValues {
  fileprivate var attention: LayerDescription {
    LayerDescription(
      "self_attention",
      [
        .init("mechanism", .word("softmax")), .init("positional", .word("sum")),
        .init("value_variance", .number(weightVariance)),
        .init("bias_variance", .number(biasVariance)),
      ])
  }

  /// A convolution whose windows are the patches.
  fileprivate var patches: LayerDescription {
    convolution(filter: patch, stride: patch, padding: .valid)
  }
}
