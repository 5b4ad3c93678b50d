/// The readout of all pixels with separate weights for each pixel: the mean over a of M[a,a].
struct Flatten: Layer {
  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    guard let pixels = network.signal.pixels else {
      guard network.signal.kind == .input else {
        throw network.error(
          "there are no pixels left to flatten; leave it out, or put it before the first dense "
            + "layer")
      }
      return
    }
    network.signal.width = network.signal.width.map { $0 * Double(pixels.count) }
    network.signal.pixels = nil
    if case .input = network.graph.nodes[network.signal.node].map {
      network.add(.input(isFlat: true), inputs: [])
    } else {
      network.add(.flatten)
    }
  }
}
