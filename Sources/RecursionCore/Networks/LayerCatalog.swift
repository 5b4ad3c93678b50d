/// The layers that a network can name. To add an activation, write one file and add one line here;
/// the contract test covers every entry of this list.
public enum LayerCatalog {
  /// All activations.
  package static let activations: [any NamedActivation.Type] = [
    ReLU.self,
    LeakyReLU.self,
    Abs.self,
    AbReLU.self,
    Gelu.self,
    Erf.self,
    SigmoidLike.self,
    Sin.self,
    Cos.self,
    Rbf.self,
    Gaussian.self,
    Exp.self,
    ExpNormalized.self,
    Gabor.self,
    Sign.self,
    Polynomial.self,
    Monomial.self,
    RectifiedMonomial.self,
    Hermite.self,
    Tanh.self,
    Sigmoid.self,
    Swish.self,
    SiLU.self,
    Softplus.self,
    Mish.self,
    ELU.self,
    SELU.self,
    HardTanh.self,
    FormulaActivation.self,
  ]

  /// Reads the parameters of a layer.
  typealias Make = @Sendable (inout LayerParameters) throws(NetworkError) -> any Layer

  /// All other layers, by name.
  private static let layers: [(name: String, make: Make)] = [
    (Dense.name, { p throws(NetworkError) in try Dense(&p) }),
    ("convolution", { p throws(NetworkError) in try ConvolutionLayer(.shared, &p) }),
    ("local_convolution", { p throws(NetworkError) in try ConvolutionLayer(.local, &p) }),
    ("transposed_convolution", { p throws(NetworkError) in try ConvolutionLayer(.transposed, &p) }),
    ("flatten", { _ throws(NetworkError) in Flatten() }),
    (
      "global_average_pool",
      { p throws(NetworkError) in try Pooling(isGlobal: true, isSum: false, &p) }
    ),
    (
      "global_sum_pool", { p throws(NetworkError) in try Pooling(isGlobal: true, isSum: true, &p) }
    ),
    (
      "average_pool", { p throws(NetworkError) in try Pooling(isGlobal: false, isSum: false, &p) }
    ),
    ("sum_pool", { p throws(NetworkError) in try Pooling(isGlobal: false, isSum: true, &p) }),
    ("resize", { p throws(NetworkError) in try Resize(&p) }),
    ("slice", { p throws(NetworkError) in try Slice(&p) }),
    (Mask.name, { p throws(NetworkError) in try Mask(&p) }),
    ("aggregate", { p throws(NetworkError) in try Aggregate(&p) }),
    (LayerNorm.name, { p throws(NetworkError) in try LayerNorm(&p) }),
    ("dropout", { p throws(NetworkError) in try Dropout(&p) }),
    ("self_attention", { p throws(NetworkError) in try SelfAttentionLayer(&p) }),
    ("recurrent", { p throws(NetworkError) in try Recurrent(&p) }),
    ("residual", { p throws(NetworkError) in try Residual(&p) }),
    ("concatenate", { p throws(NetworkError) in try Concatenate(&p) }),
    ("product", { p throws(NetworkError) in try Product(&p) }),
    ("repeat", { p throws(NetworkError) in try Repeat(&p) }),
  ]

  /// The reason why a layer has no closed form in the limit of infinite width; nil for other names.
  static func reasonAgainst(_ name: String) -> String? {
    switch name {
    case "max_pool", "global_max_pool":
      "the maximum of correlated Gaussian variables has no closed form; use an average pool"
    case "batch_norm":
      "its statistics make every image depend on all others, so that no pair of images has a kernel "
        + "of its own; use layer_norm"
    case "gru", "lstm":
      "products of gates along a sequence have no closed form; use recurrent"
    case "softmax":
      "a softmax over channels has no closed form; use self_attention, or another activation"
    default: nil
    }
  }

  /// The names of all layers, in the order of the help text.
  public static var names: [String] { layers.map(\.name) + activations.map { $0.name } }

  static func activation(_ name: String) -> (any NamedActivation.Type)? {
    activations.first { $0.name == name }
  }

  /// The activation that a layer names; nil if the layer is not an activation.
  ///
  /// Errors: invalid parameters, reported with `position`.
  package static func activation(
    _ layer: LayerDescription, position: String
  ) throws(NetworkError) -> (any Activation)? {
    guard let type = activation(layer.name) else { return nil }
    var parameters = try LayerParameters(layer, position: position)
    let activation = try type.make(&parameters)
    try parameters.finish()
    return activation
  }

  /// The function that reads the parameters of the layer `name`; nil if there is no such layer.
  static func layer(_ name: String) -> Make? {
    if let layer = layers.first(where: { $0.name == name }) { return layer.make }
    guard let type = activation(name) else { return nil }
    return { p throws(NetworkError) in ActivationLayer(name: name, activation: try type.make(&p)) }
  }
}
