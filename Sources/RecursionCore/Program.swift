/// Several networks compiled into one pass: trees of steps in which networks share the layers that
/// they have in common at the start. Several depths of one architecture therefore cost no more than
/// the deepest.
///
/// Convolutional layers act on pairs of pixels (`PixelProgram`) until a readout leaves one number
/// per pair of images. The steps after a readout, and networks that flatten their input, act on
/// these pairs of images.
public struct Program: Sendable {
  /// One step on pairs of images and the steps that follow it. Each child continues from the step's
  /// result.
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
  /// The networks that need the graph engine; nil if there are none.
  private(set) var graph: GraphProgram?
  /// The number of networks.
  public let networkCount: Int
  /// Whether all networks treat left and right alike; see `Network.isMirrorSymmetric`.
  public let isMirrorSymmetric: Bool

  /// Compiles the program that computes the kernels of all `networks`, which must be for images of
  /// one shape.
  public init(_ networks: [Network]) { self.init(networks, throughGraph: false) }

  /// Compiles `networks`.
  ///
  /// - Parameter throughGraph: whether to run all networks in the `GraphEngine`, which supports
  ///   every map.
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
      // If a network ends with a readout, add a step that changes nothing.
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

  /// Compiles the convolutional parts. Returns the source of each network's pairs of images.
  private mutating func readPixels(_ networks: [Network], _ stacks: [LayerStack?]) -> [Source] {
    var origins = [Source](repeating: .input, count: networks.count)
    for arrangement in [PixelProgram.Arrangement.images, .pixels] {
      var tree = PrefixTree<PixelStep>()
      var readouts = 0
      var shape: (PixelShape, channels: Int)?
      for (network, value) in networks.enumerated() {
        guard let stack = stacks[network], stack.arrangement == arrangement else { continue }
        // Networks with equal convolutional parts share a readout.
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

  /// Whether any network flattens its input, so that the covariances of whole images are needed.
  public var usesInputCovariances: Bool { sources.contains(.input) }
  /// Whether networks need the images themselves, besides their covariances.
  public var usesPixels: Bool { !pixelPrograms.isEmpty || graph != nil }

  /// Whether large matrices are multiplied, either of images at the input or of pairs of positions.
  package var usesProducts: Bool { usesInputCovariances || graph != nil }

  /// The cost of one pair of images, in pairs of pixels times layers. A pair of flattened images
  /// costs one per step.
  public var pixelPairsPerPair: Double {
    Double(nodes.count) + pixelPrograms.reduce(0) { $0 + $1.pixelPairsPerPair }
      + (graph?.pairsPerPair ?? 0)
  }

  /// The precision of the lanes that compute kernels for a user who requests `precision`.
  ///
  /// Single precision rounds each pair of pixels by about 2e-7 of the variances; the mean over the
  /// pixels averages out most of these errors. They would be visible in kernels that are small
  /// compared with the variances if few pixels are left, or if a pool averages values before any
  /// activation. A program with such a network is therefore computed entirely in double precision.
  public func lanes(for precision: Precision) -> Precision {
    let fewest = min(
      pixelPrograms.map(\.fewestAveraged).min() ?? .max, graph?.fewestAveraged ?? .max)
    return fewest < 64 ? .f64 : precision
  }

  /// The number of images along the edge of the smallest tile that leaves no part of a register
  /// unused.
  public var leastTile: Int {
    pixelPrograms.allSatisfy { $0.arrangement == .pixels } && !usesInputCovariances
      ? graph?.blockImages ?? 1 : 16
  }

  /// Tells every activation a lower bound for the correlations that reach it. Affine layers add the
  /// same to covariances as to variances, so they never lower the bound.
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

  /// Merges an affine layer into the pass of the activation before it, if nothing else needs the
  /// result between them.
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

  /// Size of a `TileEdge` per image, in bytes.
  public func bytesPerImage(_ wanted: Precision) -> Int {
    let precision = lanes(for: wanted)
    let size = precision == .f64 ? 8 : 4
    return nodes.reduce(0) { $0 + $1.step.imageValueCount } * size
      + networkCount * MemoryLayout<ImageState>.stride
      + pixelPrograms.reduce(0) { $0 + $1.bytesPerImage(precision).all }
      + (graph?.bytesPerImage(precision) ?? 0)
  }

  /// Size of a `TileEdge` per image, in bytes, without the second copies that it holds for speed.
  /// The size of tiles is based on this number, so that it does not depend on the layout of pairs
  /// of pixels.
  public func distinctBytesPerImage(_ wanted: Precision) -> Int {
    let precision = lanes(for: wanted)
    return bytesPerImage(wanted)
      - pixelPrograms.reduce(0) { $0 + $1.bytesPerImage(precision).repeated }
  }

  /// Whether the first layers' pairs of pixels lie by offsets (see `OffsetPass`).
  package var isByOffset: Bool { pixelPrograms.contains { $0.segments[0].isByOffset } }

  /// Memory of a `TileRecursion` in bytes, besides edges and tiles.
  public func engineBytes(_ precision: Precision) -> Int {
    pixelPrograms.reduce(graph?.engineBytes(lanes(for: precision)) ?? 0) {
      $0 + $1.engineBytes(lanes(for: precision))
    }
  }

  /// The diagonal of every network's kernels for an image with K0(x, x) = `variance`, for networks
  /// that flatten their input. See `TileEdge.diagonals` for all networks.
  public func diagonal(variance: Double) -> [ImageState] {
    var result = [ImageState](repeating: ImageState(variance: 0), count: networkCount)
    guard let source = sources.firstIndex(of: .input) else { return result }
    walk(ImageState(variance: variance), from: source) { node, _, after in
      for output in nodes[node].outputs { result[output] = after }
    }
    return result
  }

  /// The number of steps up to a node, including the node, and one of the networks that contain it.
  func place(ofNode node: Int) -> (step: Int, network: Int?) {
    var place = node
    while nodes[place].outputs.isEmpty, let child = nodes[place].children.last { place = child }
    return (nodes.stepNumber(of: node), nodes[place].outputs.first)
  }

  /// Visits every node after a source, with the state of one image before and after the node. For
  /// `join`, the state that was kept is visited too.
  func walk(
    _ input: ImageState, from source: Int,
    _ visit: (_ node: Int, _ before: (ImageState, kept: ImageState?), _ after: ImageState) -> Void
  ) {
    // Recurse for branches only: a chain of 20,000 layers must not need a stack of that depth.
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
  /// Inserts `layers` from the only start, and returns the end at the last node: an existing end,
  /// or `new` if there is none.
  fileprivate mutating func end(
    of layers: [(description: LayerDescription, steps: [Step])], new end: Int
  ) -> Int {
    let node = follow(layers, from: 0)
    if let node, let known = nodes[node].ends.first { return known }
    insert(layers, from: 0, end: end)
    return end
  }
}
