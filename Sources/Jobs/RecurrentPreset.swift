import RecursionCore

extension Preset {
  /// `rnn`: depth recurrent layers over the rows of the images, read out from the state after the last row.
  ///
  /// Source: Alemohammad et al., The Recurrent Neural Tangent Kernel, arXiv 2006.10246.
  static let recurrent = Preset(
    name: "rnn",
    summary: "depth x (recurrent over rows, activation), the last row, flatten, dense",
    parameters: [.blockDepth, .activation, .weightVariance, .biasVariance]
  ) { (values) throws(PresetConflict) in
    let activation: ParameterValue =
      values.activation.parameters.isEmpty
      ? .word(values.activation.name) : .layers([values.activation])
    // Half of the variance comes from the previous state, half from the token.
    let half = values.weightVariance / 2
    let layer = LayerDescription(
      "recurrent",
      [
        .init("activation", activation), .init("weight_variance", .number(half)),
        .init("input_variance", .number(half)),
        .init("bias_variance", .number(values.biasVariance)),
        .init("order", .word("rows")),
      ])
    return values.pairs(layer, count: values.depth)
      + [
        LayerDescription("slice", [.init("rows", .optionalNumbers([-1, nil]))]),
        LayerDescription("flatten"), values.dense,
      ]
  }
}
