/// Layers a number of times: every time with weights of their own, or (`tied`) with the same.
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
    if isTied { return try TiedResiduals.append(layers, count: count, to: &network) }
    let path = network.path
    // Rounds of nothing would not be counted.
    for round in 0..<(layers.isEmpty ? 0 : count) {
      try network.append(layers, path: "\(path), round \(round + 1), layer ")
    }
  }
}
