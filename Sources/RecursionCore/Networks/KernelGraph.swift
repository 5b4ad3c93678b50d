/// One or several networks as a graph of kernel maps: every node computes the kernels of one signal
/// from the kernels of its inputs.
///
/// Equal nodes with equal inputs are merged, so the parts that networks share are computed once.
struct KernelGraph: Sendable {
  /// One map and its inputs; inputs come before the nodes that use them.
  struct Node: Sendable {
    var map: KernelMap
    var inputs: [Int]
    /// The pixels (or tokens) of the node's signal; nil after a readout, where there is one
    /// position.
    let shape: PixelShape?
    /// The layer that the node belongs to.
    let layer: LayerDescription
    /// The position of the layer, for example `layer 2 (relu)`.
    let position: String
    /// For the sum of a residual, the node where its branches start; nil for other nodes.
    let fork: Int?

    var positionCount: Int { shape?.count ?? 1 }
  }

  private struct Key: Hashable {
    let layer: LayerDescription
    let inputs: [Int]
  }

  private(set) var nodes: [Node] = []
  private var places: [Key: Int] = [:]

  /// The index of `node`. Adds the node if the graph does not have an equal one.
  mutating func add(_ node: Node) -> Int {
    let key = Key(layer: node.layer, inputs: node.inputs)
    if let known = places[key] { return known }
    places[key] = nodes.count
    nodes.append(node)
    return nodes.count - 1
  }

  /// Whether the signal at `end` contains the signal of `start` unchanged, without random weights
  /// in between. Two such signals are not independent.
  func passesOn(_ start: Int, to end: Int) -> Bool {
    var isSeen = [Bool](repeating: false, count: end + 1)
    var waiting = [end]
    while let place = waiting.popLast() {
      if place == start { return true }
      guard place > start, !isSeen[place] else { continue }
      isSeen[place] = true
      // A mask is the same for all channels: it does not make two signals depend on each other.
      if nodes[place].layer.name == Mask.name { continue }
      switch nodes[place].map {
      case .affine, .convolution, .attention, .rootAttention, .recurrent: continue
      default: waiting += nodes[place].inputs
      }
    }
    return false
  }

  /// Whether the channels at a node may have a mean over random weights that is not 0.
  func hasMean(_ end: Int) -> Bool {
    var known: [Int: Bool] = [:]
    var waiting = [end]
    while let place = waiting.last {
      let node = nodes[place]
      let open = isMeanPassedOn(by: node.map) ? node.inputs.filter { known[$0] == nil } : []
      guard open.isEmpty else {
        waiting += open
        continue
      }
      waiting.removeLast()
      known[place] =
        switch node.map {
        case .input, .windows: true
        case .activation(let activation): activation.hasMean
        case .product: node.inputs.allSatisfy { known[$0] == true }
        default: isMeanPassedOn(by: node.map) && node.inputs.contains { known[$0] == true }
        }
    }
    return known[end] == true
  }

  /// Whether the mean of channels after a map follows from the means before it. Random weights have the mean 0.
  private func isMeanPassedOn(by map: KernelMap) -> Bool {
    switch map {
    case .sum, .product, .normalize, .dropout, .mix, .embedding, .flatten: true
    case .input, .windows, .activation, .affine, .convolution, .attention, .rootAttention,
      .recurrent, .tied:
      false
    }
  }

  /// The graph with some nodes replaced, and the new index of each old node.
  ///
  /// - Parameter replace: receives a node with its new inputs and the graph so far, to which it may
  ///   add nodes; returns the node that replaces it.
  func rebuilt(
    _ replace: (_ place: Int, _ node: Node, _ graph: inout KernelGraph) -> Node
  ) -> (graph: KernelGraph, places: [Int]) {
    var result = KernelGraph()
    var places: [Int] = []
    for (place, node) in nodes.enumerated() {
      let moved = Node(
        map: node.map, inputs: node.inputs.map { places[$0] }, shape: node.shape,
        layer: node.layer, position: node.position, fork: node.fork.map { places[$0] })
      places.append(result.add(replace(place, moved, &result)))
    }
    return (result, places)
  }

  /// Adds the nodes of `other`, a graph for images of the same shape, that lead to its `output`.
  /// Returns the index of this output in the combined graph.
  mutating func add(_ other: KernelGraph, to output: Int) -> Int {
    var isNeeded = [Bool](repeating: false, count: other.nodes.count)
    isNeeded[output] = true
    for index in other.nodes.indices.reversed() where isNeeded[index] {
      for input in other.nodes[index].inputs { isNeeded[input] = true }
    }
    var moved = [Int](repeating: 0, count: other.nodes.count)
    for (index, node) in other.nodes.enumerated() where isNeeded[index] {
      moved[index] = add(
        Node(
          map: node.map, inputs: node.inputs.map { moved[$0] }, shape: node.shape,
          layer: node.layer, position: node.position, fork: nil))
    }
    return moved[output]
  }
}

/// A map of the kernels of a pair of images from one signal to the next.
///
/// M[a,a'] stands for K and Theta of position a of the first image and a' of the second.
enum KernelMap: Sendable {
  /// The images, pixel by pixel or as a whole.
  case input(isFlat: Bool)
  /// The pixels of the images under the windows of a convolution; each window is a position.
  case windows(Convolution)
  /// Random weights over channels, for each position alone: K <- w K + b, with the corresponding
  /// terms of Theta.
  case affine(AffineMap)
  /// Random weights over channels and the positions of a window.
  case convolution(Convolution)
  /// A nonlinearity of each position.
  case activation(any Activation)
  /// A normalization of each position, or of all positions together.
  case normalize(LayerNorm)
  /// The weighted sum of independent signals, or a concatenation of signals along channels.
  case sum([Double])
  /// The product of two independent signals, channel by channel.
  case product
  /// Dropout: each channel of each position is kept with this probability and divided by it.
  case dropout(keep: Double)
  /// M <- A M A^T with the same A for every image.
  case mix(PositionMix)
  /// M <- A1 M A2^T with a matrix A that each image computes from its own covariances. M belongs to
  /// the first input, the covariances to the second.
  case attention(SelfAttention)
  /// Products of the covariances of a pair with each other; see `RootAttention`.
  case rootAttention(RootAttention)
  /// M <- signal M + position I: a separate random vector is added to every position.
  case embedding(signal: Double, position: Double)
  /// A sequence of positions, each computed from the one before.
  case recurrent(Recurrent)
  /// A residual block repeated with the same weights.
  case tied(TiedResiduals)
  /// A single position: the mean over a of M[a,a].
  case flatten
}
