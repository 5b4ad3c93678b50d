/// Several networks compiled into one pass: a tree of steps in which networks that begin alike
/// share what they share. The depths of one architecture so cost no more than the deepest.
public struct Program: Sendable {
  /// One step and what follows it; the children of a node each continue from its result.
  struct Node: Sendable {
    var step: Step
    /// The networks whose kernels are the result of this step.
    var outputs: [Int] = []
    var children: [Int] = []
  }

  /// The networks that start with the input, and every node; children come after their parents.
  private(set) var roots: [Int] = []
  private(set) var nodes: [Node] = []
  /// How many networks there are.
  public let networkCount: Int

  /// The program that computes the kernels of all `networks`.
  public init(_ networks: [Network]) {
    networkCount = networks.count
    var described: [LayerDescription] = []  // the layer that a node belongs to, and its part of it
    var parts: [Int] = []
    for (network, value) in networks.enumerated() {
      var current: Int?
      for layer in value.layers {
        for (part, step) in layer.steps.enumerated() {
          let siblings = current.map { nodes[$0].children } ?? roots
          let shared = siblings.first {
            described[$0] == layer.description && parts[$0] == part
          }
          if let shared {
            current = shared
            continue
          }
          nodes.append(Node(step: step))
          described.append(layer.description)
          parts.append(part)
          if let current {
            nodes[current].children.append(nodes.count - 1)
          } else {
            roots.append(nodes.count - 1)
          }
          current = nodes.count - 1
        }
      }
      if let current { nodes[current].outputs.append(network) }
    }
    noteNonNegative()
    fuse()
  }

  /// Tells every activation whether covariances reach it that cannot be negative.
  private mutating func noteNonNegative() {
    // Children come after their parents, so one pass in order reaches every node in time.
    var known = [Bool](repeating: false, count: nodes.count)
    for index in nodes.indices {
      let input = known[index]
      let output: Bool
      switch nodes[index].step {
      case .affine: output = input
      case .activation(var step):
        step.inputIsNonNegative = input
        nodes[index].step = .activation(step)
        output = step.outputIsNonNegative
      }
      for child in nodes[index].children { known[child] = output }
    }
  }

  /// Lets an activation take the affine layer after it into its own pass, where nothing else
  /// needs the result between them.
  private mutating func fuse() {
    for index in nodes.indices {
      guard case .activation(var step) = nodes[index].step, nodes[index].outputs.isEmpty,
        nodes[index].children.count == 1,
        case .affine(let affine) = nodes[nodes[index].children[0]].step
      else { continue }
      let absorbed = nodes[index].children[0]
      step.affine = affine
      nodes[index].step = .activation(step)
      nodes[index].outputs = nodes[absorbed].outputs
      nodes[index].children = nodes[absorbed].children
    }
    dropUnreachable()
  }

  private mutating func dropUnreachable() {
    var reached = [Bool](repeating: false, count: nodes.count)
    for root in roots { reached[root] = true }
    for index in nodes.indices where reached[index] {
      for child in nodes[index].children { reached[child] = true }
    }
    var renumbered = [Int](repeating: -1, count: nodes.count)
    var kept: [Node] = []
    for index in nodes.indices where reached[index] {
      renumbered[index] = kept.count
      kept.append(nodes[index])
    }
    roots = roots.map { renumbered[$0] }
    nodes = kept.map { node in
      var node = node
      node.children = node.children.map { renumbered[$0] }
      return node
    }
  }

  /// The number of steps that one pair takes through the tree.
  public var stepCount: Int { nodes.count }

  /// Bytes that a `TileEdge` takes per image.
  public func bytesPerImage(_ precision: Precision) -> Int {
    nodes.reduce(0) { $0 + $1.step.imageValueCount } * (precision == .f64 ? 8 : 4)
      + networkCount * MemoryLayout<ImageState>.stride
  }

  /// How many copies of a state are alive at once while the tree is walked, the walker's included.
  var branchDepth: Int {
    var depths = [Int](repeating: 0, count: nodes.count)
    func depth(_ children: [Int]) -> Int {
      children.enumerated().map { index, child in
        depths[child] + (index < children.count - 1 ? 1 : 0)
      }.max() ?? 0
    }
    for node in nodes.indices.reversed() { depths[node] = depth(nodes[node].children) }
    return 1 + depth(roots)
  }

  /// The diagonal of every network's kernels for an image with K0(x, x) = `variance`.
  public func diagonal(variance: Double) -> [ImageState] {
    var result = [ImageState](repeating: ImageState(variance: 0), count: networkCount)
    walk(ImageState(variance: variance)) { node, _, after in
      for output in nodes[node].outputs { result[output] = after }
    }
    return result
  }

  /// Visits every node with one image's state before and after it.
  func walk(
    _ input: ImageState, _ visit: (_ node: Int, _ before: ImageState, _ after: ImageState) -> Void
  ) {
    // Only branches recurse: a chain of 20,000 layers must not need a stack of that depth.
    func descend(_ children: [Int], _ state: ImageState) {
      var children = children
      var state = state
      while let last = children.last {
        for child in children.dropLast() {
          let after = nodes[child].step.advance(state)
          visit(child, state, after)
          descend(nodes[child].children, after)
        }
        let after = nodes[last].step.advance(state)
        visit(last, state, after)
        state = after
        children = nodes[last].children
      }
    }
    descend(roots, input)
  }
}
