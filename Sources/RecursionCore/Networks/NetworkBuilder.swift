/// Appends layers one after another, and checks which layers may follow.
struct NetworkBuilder {
  /// The result of the layers so far.
  struct Signal {
    /// The distribution of the signal's channels over random draws of the weights.
    enum Kind: Equatable {
      case input
      /// Gaussian channels.
      case preActivations
      /// Channels that are not Gaussian, from a layer of this name.
      case activations(String)
    }

    /// The signal's node in the graph.
    var node: Int
    /// The pixels that are still separate; nil after a readout and for images without pixels.
    var pixels: PixelShape?
    var kind: Kind
    /// Number of channels of the finite network, if the layers specify it.
    var width: Double?
  }

  private(set) var graph = KernelGraph()
  var signal: Signal
  /// The position of the current layer, for example `layer 2 (relu)`; and the path of layers inside
  /// it, for example `layer 2`.
  private(set) var position = ""
  private(set) var path = ""
  private(set) var layer = LayerDescription("")
  /// The number of layers that contain the current one.
  private var nesting = 0
  /// The number of layers so far, including nested ones; and the number of pairs of pixel rows that
  /// they act on.
  var layerCount = 0
  var rowPairs = 0

  /// Starts with input images of `shape` ([H, W, C] or [D]).
  init(_ shape: [Int]) {
    let pixels = shape.count == 3 ? PixelShape(height: shape[0], width: shape[1]) : nil
    signal = Signal(node: 0, pixels: pixels, kind: .input, width: shape.last.map(Double.init))
    add(.input(isFlat: pixels == nil), inputs: [])
  }

  /// Appends described layers. Errors state the position of a layer, starting with `path`.
  mutating func append(
    _ descriptions: [LayerDescription], path: String
  ) throws(NetworkError) {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Limit.nesting else {
      throw NetworkError(
        position: position,
        reason: "layers are nested more than \(Limit.nesting) deep; nest fewer")
    }
    for (index, description) in descriptions.enumerated() {
      position = "\(path)\(index + 1) (\(description.name))"
      self.path = "\(path)\(index + 1)"
      layer = description
      try count(position)
      var parameters = try LayerParameters(description, position: position)
      guard let make = LayerCatalog.layer(description.name) else {
        if let reason = LayerCatalog.reasonAgainst(description.name) { throw error(reason) }
        throw error("unknown layer (known: \(LayerCatalog.names.joined(separator: ", ")))")
      }
      let layer = try make(&parameters)
      try parameters.finish()
      try layer.append(to: &self)
    }
  }

  /// Adds a node after the signal (or after `inputs`) with the signal's pixels. The signal then
  /// becomes this node's signal.
  ///
  /// - Parameters:
  ///   - layer: distinguishes the node from others with the same inputs; nil for the layer as
  ///     written.
  ///   - fork: the node where the branches of a residual start.
  mutating func add(
    _ map: KernelMap, inputs: [Int]? = nil, of layer: LayerDescription? = nil, fork: Int? = nil
  ) {
    signal.node = graph.add(
      KernelGraph.Node(
        map: map, inputs: inputs ?? [signal.node], shape: signal.pixels,
        layer: layer ?? self.layer, position: position, fork: fork))
  }

  /// The signals at the ends of branches that all start at the current signal, which does not
  /// change.
  mutating func branches(
    _ branches: [(name: String, layers: [LayerDescription])]
  ) throws(NetworkError) -> [Signal] {
    let (start, position, path, layer) = (signal, position, path, layer)
    var ends: [Signal] = []
    for branch in branches {
      signal = start
      try append(branch.layers, path: "\(path), \(branch.name), layer ")
      ends.append(signal)
    }
    (signal, self.position, self.path, self.layer) = (start, position, path, layer)
    return ends
  }

  /// The pixels that a layer acts on; throws if there are none.
  func pixels() throws(NetworkError) -> PixelShape {
    if let pixels = signal.pixels { return pixels }
    throw error(
      graph.nodes.contains { $0.shape != nil }
        ? "it acts on pixels, and a readout stands before it; put flatten or the global pool behind "
          + "the last convolution or pool"
        : "it acts on pixels, and the images have none; give images as [N, H, W, C], with C = 1 where "
          + "they are gray")
  }

  /// An error at the position of the current layer.
  func error(_ reason: String) -> NetworkError { NetworkError(position: position, reason: reason) }

  /// Checks that the network is complete.
  func finish() throws(NetworkError) {
    let end = graph.nodes[signal.node]
    if case .input = end.map {
      throw NetworkError(position: "", reason: "it has no layer that computes; add dense")
    }
    guard signal.pixels == nil else {
      throw NetworkError(
        position: "",
        reason: "it ends with pixels and has no readout; add flatten or global_average_pool")
    }
    if signal.kind == .input, case .sum = end.map {
      throw NetworkError(
        position: "",
        reason: "it ends with a sum that raw input is part of; add dense behind the residual")
    }
  }
}
