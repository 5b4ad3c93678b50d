/// A network in the form of the chain engines (`PairEngine`, `PixelEngine`): steps on pairs of
/// pixels up to one readout, then steps on pairs of images, with residuals whose branches have
/// equal shapes.
struct LayerStack: Sendable {
  /// The layers on pairs of pixels, up to the readout; empty if the input is flattened.
  private(set) var pixelLayers: [CheckedLayer<PixelStep>] = []
  /// The layers on pairs of images.
  private(set) var layers: [CheckedLayer<Step>] = []

  /// Converts the nodes of a graph that lead to `output`. Returns nil if these engines do not
  /// support one of them.
  init?(_ graph: KernelGraph, to output: Int) {
    var reader = Reader(graph: graph)
    guard reader.read(from: output, until: 0) else { return nil }
    var isBehindReadout = false
    for item in reader.items.reversed() {
      switch item {
      case .pixels(let layer):
        guard !isBehindReadout else { return nil }
        pixelLayers.append(layer)
      case .pairs(let layer): layers.append(layer)
      case .readout:
        guard !isBehindReadout else { return nil }
        isBehindReadout = true
      }
    }
  }

  /// The arrangement of a pass over pairs of pixels; nil if there are none.
  var arrangement: PixelProgram.Arrangement? {
    if pixelLayers.isEmpty { return nil }
    let mixes = pixelLayers.contains { layer in
      layer.steps.contains { if case .pool = $0 { true } else { false } }
    }
    return mixes ? .pixels : .images
  }
}

/// One layer of a stack: its steps, and its description in the job.
struct CheckedLayer<Step: Sendable>: Sendable {
  let description: LayerDescription
  let steps: [Step]
  /// The position of the layer, for example `layer 2 (relu)`.
  var position = ""
  /// The number of pixels before the layer; 0 after a readout.
  var pixelCount = 0
}

/// Reads the nodes of a graph from the last to the first.
private struct Reader {
  enum Item {
    case pixels(CheckedLayer<PixelStep>)
    case pairs(CheckedLayer<Step>)
    /// The readout, after which steps act on pairs of images.
    case readout
  }

  let graph: KernelGraph
  var items: [Item] = []
  private var depth = 0

  init(graph: KernelGraph) { self.graph = graph }

  /// Reads from `node` back to `end` or to an input. Returns whether all nodes are supported.
  mutating func read(from node: Int, until end: Int) -> Bool {
    var place = node
    while place != end || depth == 0 {
      let node = graph.nodes[place]
      switch node.map {
      case .input: return depth == 0
      case .sum:
        guard let fork = node.fork else { return false }
        depth += 1
        add(place, "sum", .join, .join)
        guard read(from: node.inputs[1], until: fork) else { return false }
        if node.inputs[1] != fork { add(place, "shortcut", .exchange, .exchange) }
        guard read(from: node.inputs[0], until: fork) else { return false }
        add(place, "residual", .fork, .fork)
        depth -= 1
        place = fork
      case .flatten:
        guard depth == 0 else { return false }
        items.append(.readout)
        place = node.inputs[0]
        // If a pool is flattened, only the pairs of equal windows are needed.
        if case .mix(.pool(var pool)) = graph.nodes[place].map, pool.output.count > 1 {
          pool.isTraced = true
          let traced = LayerDescription(
            "flatten", [.init("pool", .layers([graph.nodes[place].layer]))])
          items.append(.pixels(layer(traced, .pool(pool), graph.nodes[place])))
          place = graph.nodes[place].inputs[0]
        }
      default:
        guard read(node) else { return false }
        place = node.inputs[0]
      }
    }
    return true
  }

  /// Reads a node with one input.
  private mutating func read(_ node: KernelGraph.Node) -> Bool {
    guard graph.nodes[node.inputs[0]].shape != nil else {
      guard let steps = pairs(node.map) else { return false }
      items.append(.pairs(CheckedLayer(description: node.layer, steps: steps)))
      return true
    }
    guard let step = pixels(node) else { return false }
    if case .pool = step {
      guard depth == 0 else { return false }
      if node.shape == nil { items.append(.readout) }
    }
    items.append(.pixels(layer(node.layer, step, node)))
    return true
  }

  private func pairs(_ map: KernelMap) -> [Step]? {
    switch map {
    case .affine(let affine): affine.step.map { [.affine($0)] }
    case .activation(let activation): activation.steps
    case .normalize(let norm): [.normalize(norm)]
    default: nil
    }
  }

  private func pixels(_ node: KernelGraph.Node) -> PixelStep? {
    switch node.map {
    case .affine(let affine): node.shape.flatMap { Self.pixels(affine, $0) }
    case .convolution(let convolution):
      convolution.step.map { .convolution($0, then: PixelIdentity()) }
    case .activation(let activation): .update(activation.pixelUpdate)
    case .normalize(let norm): .update(PixelNorm(norm: norm))
    case .mix(.pool(let pool)): .pool(pool)
    default: nil
    }
  }

  /// Weights on every pixel alone are a convolution with windows of one pixel.
  private static func pixels(_ map: AffineMap, _ shape: PixelShape) -> PixelStep? {
    func axis(_ count: Int) -> TapAxis {
      .window(AxisWindow(size: 1, stride: 1, padding: .valid, input: count))
    }
    let convolution = Convolution(
      vertical: axis(shape.height), horizontal: axis(shape.width), affine: map, isLocal: false)
    return convolution.step.map { .convolution($0, then: PixelIdentity()) }
  }

  /// Adds a residual's fork, exchange or join.
  private mutating func add(_ sum: Int, _ name: String, _ pixels: PixelStep, _ pairs: Step) {
    let node = graph.nodes[sum]
    let description = LayerDescription(name)
    if node.shape == nil {
      items.append(.pairs(CheckedLayer(description: description, steps: [pairs])))
    } else {
      items.append(.pixels(layer(description, pixels, node)))
    }
  }

  private func layer(
    _ description: LayerDescription, _ step: PixelStep, _ node: KernelGraph.Node
  ) -> CheckedLayer<PixelStep> {
    let count = node.inputs.first.map { graph.nodes[$0].positionCount } ?? 0
    return CheckedLayer(
      description: description, steps: [step], position: node.position, pixelCount: count)
  }
}
