/// Several networks compiled into one pass: trees of steps in which networks share the
/// layers that they begin with: several depths of one architecture cost no more than the deepest.
///
/// Convolutional layers act on pairs of pixels (`PixelProgram`) until a readout leaves one number
/// per pair of images; what follows, and networks that flatten their input, acts on those.
public struct Program: Sendable {
  /// One step on pairs of images and what follows it; the children each continue from its result.
  struct Node: StepTreeNode, Sendable {
    var step: Step
    /// The networks whose kernels are the result of this step.
    var outputs: [Int] = []
    var children: [Int] = []
  }

  /// Where pairs of images come from.
  enum Source: Sendable, Hashable {
    /// The covariances of flattened images.
    case input
    /// A readout of a pixel program.
    case readout(program: Int, readout: Int)
  }

  /// The sources, and the first steps from each.
  private(set) var sources: [Source] = []
  private(set) var roots: [[Int]] = []
  /// Every step on pairs of images; children come after their parents.
  private(set) var nodes: [Node] = []
  /// The convolutional parts: at most one per arrangement.
  private(set) var pixelPrograms: [PixelProgram] = []
  /// The networks that these are not enough for; nil where there is none.
  private(set) var graph: GraphProgram?
  /// How many networks there are.
  public let networkCount: Int
  /// Whether all of them treat left and right alike; see `Network.isMirrorSymmetric`.
  public let isMirrorSymmetric: Bool

  /// The program that computes the kernels of all `networks`, which are for images of one shape.
  public init(_ networks: [Network]) { self.init(networks, throughGraph: false) }

  /// - Parameter throughGraph: takes all networks through the `GraphEngine`, which knows every map.
  package init(_ networks: [Network], throughGraph: Bool) {
    networkCount = networks.count
    isMirrorSymmetric = networks.allSatisfy(\.isMirrorSymmetric)
    let stacks = networks.map { throughGraph ? nil : $0.stack }
    let others = networks.indices.filter { stacks[$0] == nil }
    if !others.isEmpty { graph = GraphProgram(others.map { ($0, networks[$0]) }) }
    let origins = readPixels(networks, stacks)
    var tree = PrefixTree<Step>()
    for (network, stack) in stacks.enumerated() {
      guard let stack else { continue }
      let source = sources.firstIndex(of: origins[network]) ?? sources.count
      if source == sources.count { sources.append(origins[network]) }
      let isEmpty = stack.layers.allSatisfy(\.steps.isEmpty)
      // A readout that is the whole network's result passes through a step that changes nothing.
      let through = (description: LayerDescription(""), steps: [Step.affine(.identity)])
      tree.insert(
        isEmpty ? [through] : stack.layers.map { ($0.description, $0.steps) }, from: source,
        end: network)
    }
    nodes = tree.nodes.map { Node(step: $0.step, outputs: $0.ends, children: $0.children) }
    roots = sources.indices.map { tree.roots[$0, default: []] }
    noteCorrelations()
    fuse()
  }

  /// Compiles the convolutional parts; returns where each network's pairs of images come from.
  private mutating func readPixels(_ networks: [Network], _ stacks: [LayerStack?]) -> [Source] {
    var origins = [Source](repeating: .input, count: networks.count)
    for arrangement in [PixelProgram.Arrangement.images, .pixels] {
      var tree = PrefixTree<PixelStep>()
      var readouts = 0
      var shape: (PixelShape, channels: Int)?
      for (network, value) in networks.enumerated() {
        guard let stack = stacks[network], stack.arrangement == arrangement else { continue }
        // Networks that end alike share a readout.
        let end = tree.end(of: stack.pixelLayers.map { ($0.description, $0.steps) }, new: readouts)
        readouts = max(readouts, end + 1)
        origins[network] = .readout(program: pixelPrograms.count, readout: end)
        shape = (value.shape, value.channels)
      }
      guard let shape else { continue }
      pixelPrograms.append(
        PixelProgram(
          tree, shape: shape.0, channels: shape.channels, readoutCount: readouts,
          arrangement: arrangement))
    }
    return origins
  }

  /// Whether a network flattens its input, so that the covariances of whole images are needed.
  public var usesInputCovariances: Bool { sources.contains(.input) }
  /// Whether networks need the images themselves, beside their covariances.
  public var usesPixels: Bool { !pixelPrograms.isEmpty || graph != nil }

  /// Whether large matrices are multiplied: images at the input, or pairs of positions.
  package var usesProducts: Bool { usesInputCovariances || graph != nil }

  /// What one pair of images costs, in pairs of pixels and layers; a pair of flattened images is
  /// one per step.
  public var pixelPairsPerPair: Double {
    Double(nodes.count) + pixelPrograms.reduce(0) { $0 + $1.pixelPairsPerPair }
      + (graph?.pairsPerPair ?? 0)
  }

  /// The precision of the lanes that compute what a user wants in `precision`.
  ///
  /// Single precision rounds each pair of pixels by about 2e-7 of the variances, most of which the
  /// mean over the pixels averages out. Where few pixels are left, or a pool averages what no
  /// activation has made, kernels that are small beside those variances would show it, so a program
  /// with such a network is computed in double precision, all of it.
  public func lanes(for precision: Precision) -> Precision {
    let fewest = min(
      pixelPrograms.map(\.fewestAveraged).min() ?? .max, graph?.fewestAveraged ?? .max)
    return fewest < 64 ? .f64 : precision
  }

  /// Images along the edge of the least tile that leaves no part of a register unused.
  public var leastTile: Int {
    pixelPrograms.allSatisfy { $0.arrangement == .pixels } && !usesInputCovariances
      ? graph?.blockImages ?? 1 : 16
  }

  /// Tells every activation what the correlations that reach it are at least. Affine layers add to
  /// covariances what they add to variances, and so never lower it.
  private mutating func noteCorrelations() {
    var stack: [(children: [Int], known: Double, kept: [Double])] = roots.map { ($0, -1, []) }
    while let (children, before, kept) = stack.popLast() {
      for child in children {
        var (known, saved) = (before, kept)
        switch nodes[child].step {
        case .affine, .normalize: break
        case .activation(var step):
          step.leastCorrelation = before
          nodes[child].step = .activation(step)
          known = step.leastCorrelationAfter
        case .fork: saved.append(before)
        case .exchange: (known, saved[saved.count - 1]) = (saved[saved.count - 1], before)
        case .join: known = min(saved.removeLast(), before)
        }
        stack.append((nodes[child].children, known, saved))
      }
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
    let places = nodes.keepReachable(from: Array(roots.joined()))
    roots = roots.map { $0.compactMap { places[$0] } }
  }

  /// The number of steps that one pair of images takes through the trees.
  public var stepCount: Int {
    nodes.count + pixelPrograms.reduce(0) { $0 + $1.nodes.count } + (graph?.nodes.count ?? 0)
  }

  /// Bytes that a `TileEdge` takes per image.
  public func bytesPerImage(_ wanted: Precision) -> Int {
    let precision = lanes(for: wanted)
    let size = precision == .f64 ? 8 : 4
    return nodes.reduce(0) { $0 + $1.step.imageValueCount } * size
      + networkCount * MemoryLayout<ImageState>.stride
      + pixelPrograms.reduce(0) { $0 + $1.bytesPerImage(precision).all }
      + (graph?.bytesPerImage(precision) ?? 0)
  }

  /// The same without what an edge holds twice for speed: the size of tiles goes by this, and so
  /// does not depend on how pairs of pixels are laid out.
  public func distinctBytesPerImage(_ wanted: Precision) -> Int {
    let precision = lanes(for: wanted)
    return bytesPerImage(wanted)
      - pixelPrograms.reduce(0) { $0 + $1.bytesPerImage(precision).repeated }
  }

  /// Whether the first layers' pairs of pixels lie by offsets (see `OffsetPass`).
  package var isByOffset: Bool { pixelPrograms.contains { $0.segments[0].isByOffset } }

  /// Bytes that a `TileRecursion` takes beside edges and tiles.
  public func engineBytes(_ precision: Precision) -> Int {
    pixelPrograms.reduce(graph?.engineBytes(lanes(for: precision)) ?? 0) {
      $0 + $1.engineBytes(lanes(for: precision))
    }
  }

  /// The diagonal of every network's kernels for an image with K0(x, x) = `variance`, for networks
  /// that flatten their input; see `TileEdge.diagonals` for all.
  public func diagonal(variance: Double) -> [ImageState] {
    var result = [ImageState](repeating: ImageState(variance: 0), count: networkCount)
    guard let source = sources.firstIndex(of: .input) else { return result }
    walk(ImageState(variance: variance), from: source) { node, _, after in
      for output in nodes[node].outputs { result[output] = after }
    }
    return result
  }

  /// The number of steps to a node, itself included, and one of the networks that go through it.
  func place(ofNode node: Int) -> (step: Int, network: Int?) {
    var place = node
    while nodes[place].outputs.isEmpty, let child = nodes[place].children.last { place = child }
    return (nodes.stepNumber(of: node), nodes[place].outputs.first)
  }

  /// Visits every node behind a source with one image's state before and after it; before `join`
  /// the state that was kept is visited with it.
  func walk(
    _ input: ImageState, from source: Int,
    _ visit: (_ node: Int, _ before: (ImageState, kept: ImageState?), _ after: ImageState) -> Void
  ) {
    // Only branches recurse: a chain of 20,000 layers must not need a stack of that depth.
    func descend(_ children: [Int], _ state: ImageState, _ kept: [ImageState]) {
      var (children, state, kept) = (children, state, kept)
      while let last = children.last {
        for child in children.dropLast() {
          var (branch, saved) = (state, kept)
          advance(child, &branch, &saved)
          descend(nodes[child].children, branch, saved)
        }
        advance(last, &state, &kept)
        children = nodes[last].children
      }
    }
    func advance(_ node: Int, _ state: inout ImageState, _ kept: inout [ImageState]) {
      let before = (state, kept: kept.last)
      switch nodes[node].step {
      case .fork: kept.append(state)
      case .exchange: (state, kept[kept.count - 1]) = (kept[kept.count - 1], state)
      case .join:
        let saved = kept.removeLast()
        state.variance += saved.variance
        state.tangent += saved.tangent
      case .affine, .activation, .normalize: state = nodes[node].step.advance(state)
      }
      visit(node, before, state)
    }
    descend(roots[source], input, [])
  }
}

extension PrefixTree {
  /// Inserts `layers` from the only start and returns the end that is noted there: one of before,
  /// or `new`.
  fileprivate mutating func end(
    of layers: [(description: LayerDescription, steps: [Step])], new end: Int
  ) -> Int {
    let node = follow(layers, from: 0)
    if let node, let known = nodes[node].ends.first { return known }
    insert(layers, from: 0, end: end)
    return end
  }
}
