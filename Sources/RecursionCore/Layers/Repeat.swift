/// Repeats layers `count` times, each time with new weights or, if `tied`, with the same weights.
struct Repeat: Layer {
  private let count: Int
  private let layers: [LayerDescription]
  private let isTied: Bool

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    count = try parameters.count("count", atLeast: 0)
    layers = try parameters.layers("layers")
    isTied = try parameters.flag("tied", default: false)
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    if isTied, layers.contains(where: { $0.name == "residual" }) {
      return try TiedResiduals.append(layers, count: count, to: &network)
    }
    if isTied { try requireChain(network) }
    let (path, start) = (network.path, network.signal)
    // Skip empty rounds, which would not be counted.
    for round in 0..<(layers.isEmpty ? 0 : count) {
      try network.append(layers, path: "\(path), round \(round + 1), layer ")
      let end = network.signal
      let isSame =
        end.kind == start.kind && end.pixels == start.pixels
        && (start.width == nil || end.width == nil || end.width == start.width)
      guard !isTied || isSame else {
        throw network.error(
          "with tied: true the layers must leave a signal such as they get; let them end as what is "
            + "before them does")
      }
    }
  }

  /// Throws if using the same weights in every round would change the kernels. In a chain it does
  /// not: the gradients of different rounds are uncorrelated, because the weights after the chain
  /// are independent of those in it.
  private func requireChain(_ network: NetworkBuilder) throws(NetworkError) {
    guard network.signal.kind != .input else {
      throw network.error(
        "tied layers need a signal of layers; put dense or a convolution before them")
    }
    let allowed = [Dense.name, LayerNorm.name, "convolution", "local_convolution", "dropout"]
    for layer in layers {
      guard allowed.contains(layer.name) || LayerCatalog.activation(layer.name) != nil else {
        throw network.error(
          "with tied: true the layers must be one residual, or a chain of "
            + "\(allowed.joined(separator: ", ")) and activations, and '\(layer.name)' is neither")
      }
    }
  }
}
