/// A network whose composition has been checked: layers that fit each other and the images.
///
/// Checked once, before any rank computes. What is wrong is said with the layer's position.
public struct Network: Sendable {
  let layers: [CheckedLayer]

  /// The network of described `layers` for images of `shape` ([H, W, C] or [D]).
  public init(
    _ descriptions: [LayerDescription], imageShape shape: [Int]
  ) throws(NetworkError) {
    var builder = NetworkBuilder(isImage: shape.count > 1)
    try builder.append(descriptions, path: "layer ")
    layers = try builder.finish()
  }
}

/// One layer of a checked network: what it does and how it was written.
struct CheckedLayer {
  let description: LayerDescription
  let steps: [Step]
}

/// Appends layers one after another and knows what may follow.
private struct NetworkBuilder {
  /// What the covariances so far are of.
  enum Signal: Equatable {
    case input
    case preActivations
    case activations(String)
  }

  /// Whether pixels are still apart.
  var isImage: Bool
  var signal = Signal.input
  var layers: [CheckedLayer] = []

  mutating func append(
    _ descriptions: [LayerDescription], path: String
  ) throws(NetworkError) {
    for (index, description) in descriptions.enumerated() {
      try append(
        description, position: "\(path)\(index + 1) (\(description.name))", "\(path)\(index + 1)")
    }
  }

  private mutating func append(
    _ description: LayerDescription, position: String, _ path: String
  ) throws(NetworkError) {
    var parameters = try LayerParameters(description, position: position)
    switch description.name {
    case "flatten":
      try parameters.finish()
      try flatten(description, position)
    case Dense.name:
      let dense = try Dense(&parameters)
      try parameters.finish()
      try append(dense, description, position)
    case "repeat":
      let count = try parameters.count("count", atLeast: 0)
      let repeated = try parameters.layers("layers")
      try parameters.finish()
      for round in 0..<count {
        try append(repeated, path: "\(path), round \(round + 1), layer ")
      }
    default:
      guard let type = LayerCatalog.activation(description.name) else {
        throw NetworkError(
          position: position,
          reason: "unknown layer (known: \(LayerCatalog.names.joined(separator: ", ")))")
      }
      let activation = try type.init(&parameters)
      try parameters.finish()
      try append(activation, description, position)
    }
  }

  private mutating func flatten(
    _ description: LayerDescription, _ position: String
  ) throws(NetworkError) {
    guard signal == .input else {
      throw NetworkError(position: position, reason: "flatten belongs before the first layer here")
    }
    isImage = false
    layers.append(CheckedLayer(description: description, steps: []))
  }

  private mutating func append(
    _ dense: Dense, _ description: LayerDescription, _ position: String
  ) throws(NetworkError) {
    guard !isImage else {
      throw NetworkError(
        position: position, reason: "it would act on each pixel alone; put flatten before it")
    }
    signal = .preActivations
    let step = AffineStep(
      weightVariance: dense.weightVariance, biasVariance: dense.biasVariance, trained: true)
    layers.append(CheckedLayer(description: description, steps: [.affine(step)]))
  }

  private mutating func append(
    _ activation: any Activation, _ description: LayerDescription, _ position: String
  ) throws(NetworkError) {
    switch signal {
    case .input:
      throw NetworkError(
        position: position, reason: "an activation needs pre-activations; put dense before it")
    case .activations(let name):
      throw NetworkError(
        position: position,
        reason: "an activation on the output of another (\(name)); put dense between them")
    case .preActivations: break
    }
    signal = .activations(description.name)
    var steps = [activation.step]
    if activation.constant != 0 {
      let shift = activation.constant * activation.constant
      steps.append(.affine(AffineStep(weightVariance: 1, biasVariance: shift, trained: false)))
    }
    layers.append(CheckedLayer(description: description, steps: steps))
  }

  func finish() throws(NetworkError) -> [CheckedLayer] {
    guard signal != .input else {
      throw NetworkError(position: "", reason: "it has no layer that computes; add dense")
    }
    guard !isImage else {
      throw NetworkError(
        position: "", reason: "it ends with pixels and has no readout; add flatten")
    }
    return layers
  }
}
