/// The layers that a network can name. To add an activation: one file, one line here; the contract
/// test walks this list.
public enum LayerCatalog {
  /// Every activation.
  package static let activations: [any Activation.Type] = [
    ReLU.self,
    Erf.self,
    Gelu.self,
    Sin.self,
    Cos.self,
  ]

  /// The names of all layers, in the order of a help text.
  public static var names: [String] {
    [
      Dense.name, "convolution", "local_convolution", "flatten", "global_average_pool",
      "global_sum_pool", "average_pool", "sum_pool", LayerNorm.name, "residual", "repeat",
    ] + activations.map { $0.name }
  }

  static func activation(_ name: String) -> (any Activation.Type)? {
    activations.first { $0.name == name }
  }
}
