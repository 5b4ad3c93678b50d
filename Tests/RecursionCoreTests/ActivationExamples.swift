import RecursionCore

/// Parameters that activations are tested with.
enum ActivationExamples {
  /// Every activation of the catalog that has a closed form at least once: with its defaults where it
  /// has them. `FormulaActivationTests` has the others.
  static let all: [LayerDescription] =
    defaults + withSlopes + periodic + exponential
    + [
      layer("polynomial", "coefficients", [0, 1]), layer("polynomial", "coefficients", [0.3]),
      layer("polynomial", "coefficients", [1, 2, 0.5, -0.3]),
      layer("polynomial", "coefficients", [-0.2, 0, -1, 0, -0.05]),
    ]
    + (0...5).map { degree("monomial", $0) } + (0...6).map { degree("hermite", $0) }
    + [0, 1, 2, 3, 4, 7].map { degree("rectified_monomial", $0) }

  /// Those that are given as formulas: their duals are no formulas.
  static let formulas =
    [
      "tanh", "sigmoid", "swish", "silu", "softplus", "mish", "elu", "selu", "hard_tanh",
    ].map { LayerDescription($0) }
    + [
      layer("elu", ["alpha": 0.3]),
      LayerDescription("elementwise", [.init("formula", .word("x * sigmoid(1.702 * x)"))]),
      LayerDescription("elementwise", [.init("formula", .word("exp(-x ** 2) + 0.1 * x ** 3"))]),
    ]

  private static let defaults = [
    "relu", "leaky_relu", "abs", "gelu", "erf", "sigmoid_like", "sin", "cos", "rbf", "gaussian",
    "exp", "exp_normalized", "gabor", "sign",
  ].map { LayerDescription($0) }

  private static let withSlopes = [
    layer("leaky_relu", ["negative_slope": 0.2]), layer("leaky_relu", ["negative_slope": -0.3]),
    layer("abrelu", ["negative_slope": -0.5, "positive_slope": 1.2]),
    layer("abrelu", ["negative_slope": 0.3, "positive_slope": 2]),
    layer("abrelu", ["negative_slope": 1, "positive_slope": 0]),
  ]

  private static let periodic = [
    layer("erf", ["amplitude": -1.5, "scale": 0.7]),
    layer("erf", ["scale": 1.3, "shift": 0.4]),
    layer("sin", ["amplitude": 0.7, "frequency": 1.3, "phase": 0.4]),
    layer("sin", ["amplitude": -2, "frequency": 0.6, "phase": 2]),
    layer("cos", ["amplitude": 1.5, "frequency": -1.1, "phase": 0.3]),
    layer("rbf", ["gamma": 0.2]),
  ]

  private static let exponential = [
    layer("gaussian", ["amplitude": 0.8, "rate": -0.3]),
    layer("gaussian", ["amplitude": -1.4, "rate": 0.006]), layer("gaussian", ["rate": 0]),
    layer("exp", ["amplitude": -0.5, "rate": 0.5]), layer("exp", ["rate": -0.1]),
    layer("exp_normalized", ["gamma": 2.5, "shift": -0.4]),
  ]

  static func layer(_ name: String, _ parameters: [String: Double]) -> LayerDescription {
    LayerDescription(
      name, parameters.sorted { $0.key < $1.key }.map { .init($0.key, .number($0.value)) })
  }

  static func layer(_ name: String, _ list: String, _ numbers: [Double]) -> LayerDescription {
    LayerDescription(name, [.init(list, .numbers(numbers))])
  }

  static func degree(_ name: String, _ degree: Int) -> LayerDescription {
    layer(name, ["degree": Double(degree)])
  }

  /// The activation that a layer names.
  static func activation(_ layer: LayerDescription) throws -> any Activation {
    guard let activation = try LayerCatalog.activation(layer, position: layer.name) else {
      throw NetworkError(position: layer.name, reason: "no activation")
    }
    return activation
  }

  /// Whether phi jumps, so that phi' is not the derivative that Price's theorem has.
  static func jumps(_ layer: LayerDescription) throws -> Bool { try activation(layer).jumps }
}
