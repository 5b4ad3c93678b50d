/// A nonlinearity as a layer of a network.
struct ActivationLayer: Layer {
  let name: String
  let activation: any Activation

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let weights = network.signal.pixels == nil ? "dense" : "a convolution"
    switch network.signal.kind {
    case .input:
      throw network.error("an activation needs pre-activations; put \(weights) before it")
    case .activations(let name):
      throw network.error(
        LayerCatalog.activation(name) == nil
          ? "an activation needs Gaussian pre-activations, and the output of \(name) is not; put "
            + "\(weights) between them"
          : "an activation on the output of another (\(name)); put \(weights) between them")
    case .preActivations: break
    }
    network.signal.kind = .activations(name)
    network.add(.activation(activation))
  }
}
