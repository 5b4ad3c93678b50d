/// A network (or several) as a graph of kernel maps: every node makes the kernels of one signal from
/// those of its inputs.
///
/// Nodes that say the same of the same inputs are one node, so what networks have in common is
/// computed once.
struct KernelGraph: Sendable {
  /// One map and where its inputs come from; inputs stand before the nodes that use them.
  struct Node: Sendable {
    var map: KernelMap
    var inputs: [Int]
    /// The pixels (or tokens) of its signal; nil behind a readout, where there is one position.
    let shape: PixelShape?
    /// The layer that it is of.
    let layer: LayerDescription
    /// Where the layer stands, for example `layer 2 (relu)`.
    let position: String
    /// Where the branches of a residual's sum part; nil for other nodes.
    let fork: Int?

    var positionCount: Int { shape?.count ?? 1 }
  }

  private struct Key: Hashable {
    let layer: LayerDescription
    let inputs: [Int]
  }

  private(set) var nodes: [Node] = []
  private var places: [Key: Int] = [:]

  /// The place of `node`, which is added where there is none like it.
  mutating func add(_ node: Node) -> Int {
    let key = Key(layer: node.layer, inputs: node.inputs)
    if let known = places[key] { return known }
    places[key] = nodes.count
    nodes.append(node)
    return nodes.count - 1
  }

  /// Whether what `end` is made of has the signal of `start` in it as it is, with no random weights
  /// between: two such signals are not independent.
  func passesOn(_ start: Int, to end: Int) -> Bool {
    var isSeen = [Bool](repeating: false, count: end + 1)
    var waiting = [end]
    while let place = waiting.popLast() {
      if place == start { return true }
      guard place > start, !isSeen[place] else { continue }
      isSeen[place] = true
      switch nodes[place].map {
      case .affine, .convolution, .attention, .rootAttention, .recurrent: continue
      default: waiting += nodes[place].inputs
      }
    }
    return false
  }

  /// The graph with some nodes replaced, and where each of the old nodes is.
  ///
  /// - Parameter replace: gets a node with its new inputs and the graph so far, to which it may add; returns
  ///   the node to stand in its place.
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

  /// Adds the nodes of `other`, a graph for images of the same shape, that lead to its `output`;
  /// returns the output's place here.
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

/// What happens to the kernels of a pair of images on the way from one signal to the next.
///
/// M[a,a'] stands for K and Theta of position a of one image and a' of the other.
enum KernelMap: Sendable {
  /// The images, pixel by pixel, or as a whole.
  case input(isFlat: Bool)
  /// The images' pixels under the windows of a convolution, a window for each position.
  case windows(Convolution)
  /// Random weights over channels, each position alone: K <- w K + b and what they add to Theta.
  case affine(AffineMap)
  /// Random weights over channels and the positions of a window.
  case convolution(Convolution)
  /// A nonlinearity of each position.
  case activation(any Activation)
  /// A normalization of each position, or of all.
  case normalize(LayerNorm)
  /// The weighted sum of independent signals, or of signals side by side in channels.
  case sum([Double])
  /// The product of two independent signals, channel by channel.
  case product
  /// Each channel of each position is kept with this probability and divided by it.
  case dropout(keep: Double)
  /// M <- A M A^T with the same A for every image.
  case mix(PositionMix)
  /// M <- A1 M A2^T with a matrix that each image makes of its own covariances: M is of the first
  /// input, the covariances of the second.
  case attention(SelfAttention)
  /// Products of a pair's covariances among themselves; see `RootAttention`.
  case rootAttention(RootAttention)
  /// M <- signal M + position I: every position gains a random vector of its own.
  case embedding(signal: Double, position: Double)
  /// Positions in sequence, each from the one before.
  case recurrent(Recurrent)
  /// A residual block repeated with the same weights.
  case tied(TiedResiduals)
  /// One position: the mean over a of M[a,a].
  case flatten
}
