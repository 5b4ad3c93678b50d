/// Networks as one graph for the `GraphEngine`, with what it must know of each node.
struct GraphProgram: Sendable {
  /// What the engine knows of a node beside its map.
  struct Step: Sendable {
    /// What happens to each pair of positions on its own; nil for maps of another kind.
    var update: (any PixelUpdate)?
    /// Numbers of a position, beside K and Theta; and of an image, beside those of positions.
    var valueCount = 0
    var matrixCount = 0
    /// Where the node's numbers begin in those of an image.
    var offset = 0
    /// No correlation between positions of the signal is known to be less.
    var leastCorrelation = -1.0
    /// Whether the pairs of an image with itself are needed.
    var needsSelf = false
    /// The last node that reads the signal.
    var lastUse = 0
    /// The array that holds its pairs.
    var slot = 0
  }

  private(set) var graph = KernelGraph()
  private(set) var steps: [Step] = []
  /// The nodes of the networks' kernels.
  private(set) var outputs: [(network: Int, node: Int)] = []
  /// Numbers of an image.
  private(set) var imageSize = 0
  /// Positions of the largest signal that each array holds.
  private(set) var slotPositions: [Int] = []
  /// The images.
  let shape: PixelShape
  let channels: Int

  var nodes: [KernelGraph.Node] { graph.nodes }

  /// - Parameter networks: by their numbers in the program; at least one, for images of one shape.
  init(_ networks: [(number: Int, network: Network)]) {
    (shape, channels) = (networks[0].network.shape, networks[0].network.channels)
    for (number, network) in networks {
      let (windowed, output) = network.graph.readingWindows(to: network.output, channels: channels)
      outputs.append((number, graph.add(windowed, to: output)))
    }
    steps = nodes.map { _ in Step() }
    for node in nodes.indices { note(node) }
    noteSelf()
    assignSlots()
  }

  /// Numbers of a record's position: K, Theta and the values.
  func recordCount(_ node: Int) -> Int { 2 + steps[node].valueCount }

  /// Positions of the signal with most of them.
  var mostPositions: Int { nodes.map(\.positionCount).max() ?? 1 }

  /// Images of a tile's row (and column) that go through the graph together: as many as make
  /// registers full where there are few positions.
  var blockImages: Int { max(1, 64 / mostPositions) }

  private mutating func note(_ index: Int) {
    let node = nodes[index]
    let least = node.inputs.map { steps[$0].leastCorrelation }.min() ?? -1
    // Where positions mix, variances have covariances in them too, and only the sign is kept.
    let mixed = least < 0 ? -1 : 0.0
    var step = Step()
    step.leastCorrelation = least
    switch node.map {
    case .input(let isFlat): step.valueCount = isFlat ? shape.count * channels : channels
    case .windows(let convolution): step.valueCount = convolution.tapCount * channels
    case .activation(let activation):
      step.update = activation.pixelUpdate
    case .normalize(let norm): step.update = PixelNorm(norm: norm)
    case .mix(let mix):
      step.valueCount = MixValue.count
      step.leastCorrelation = mix.isNonNegative ? mixed : -1
    case .attention(let attention):
      step.valueCount = MixValue.count
      step.matrixCount = node.positionCount * node.positionCount
      step.leastCorrelation = attention.mechanism == .identity ? -1 : mixed
    case .rootAttention: step.leastCorrelation = mixed
    // Two correlations of which one is negative.
    case .product: step.leastCorrelation = least < 0 ? -1 : 0
    case .recurrent(let recurrent):
      step.update = recurrent.activation.pixelUpdate
    case .tied(let tied): step.update = tied.activation.pixelUpdate
    case .embedding, .affine, .convolution, .sum, .dropout, .flatten: break
    }
    if var update = step.update {
      step.valueCount = update.valueCount
      update.leastCorrelation = least
      step.leastCorrelation = update.leastCorrelationAfter
      switch node.map {
      case .recurrent:
        // What the activation makes of K and Theta stands behind its values.
        step.valueCount += 2
        (update.leastCorrelation, step.leastCorrelation) = (-1, -1)
      case .tied(let tied):
        step.valueCount = tied.count * TiedLayout(updateCount: update.valueCount).depthCount
        (update.leastCorrelation, step.leastCorrelation) = (-1, -1)
      default: break
      }
      step.update = update
    }
    step.offset = imageSize
    imageSize += (2 + step.valueCount) * node.positionCount + step.matrixCount
    steps[index] = step
  }

  /// Which nodes' pairs of an image with itself are needed: those behind which positions mix.
  private mutating func noteSelf() {
    for index in nodes.indices.reversed() {
      let mixes: Bool
      switch nodes[index].map {
      case .mix, .attention, .rootAttention: mixes = true
      default: mixes = false
      }
      guard mixes || steps[index].needsSelf else { continue }
      for input in nodes[index].inputs { steps[input].needsSelf = true }
    }
  }

  /// Gives every node an array that no other node needs at the same time.
  private mutating func assignSlots() {
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { steps[input].lastUse = index }
    }
    for (_, node) in outputs { steps[node].lastUse = nodes.count }
    var owners: [Int?] = []
    for (index, node) in nodes.enumerated() {
      // What an activation or a normalization reads for the last time is overwritten in place.
      let free = owners.indices.filter { slot in
        owners[slot].map { steps[$0].lastUse < index } ?? true
      }
      let slot: Int
      if isInPlace(node), let input = node.inputs.first, steps[input].lastUse == index {
        slot = steps[input].slot
      } else if let fitting = free.max(by: { slotPositions[$0] < slotPositions[$1] }) {
        slot = fitting
      } else {
        slot = owners.count
        owners.append(nil)
        slotPositions.append(0)
      }
      owners[slot] = index
      slotPositions[slot] = max(slotPositions[slot], node.positionCount)
      steps[index].slot = slot
    }
  }

  private func isInPlace(_ node: KernelGraph.Node) -> Bool {
    switch node.map {
    case .activation, .normalize: true
    default: false
    }
  }

  /// The number of maps to a node, itself included, and one of the networks that go through it.
  func place(ofNode index: Int) -> (step: Int, network: Int?) {
    var depths: [Int] = []
    var leads = [Bool](repeating: false, count: nodes.count)
    leads[index] = true
    for (place, node) in nodes.enumerated() {
      depths.append((node.inputs.map { depths[$0] }.max() ?? -1) + 1)
      leads[place] = leads[place] || node.inputs.contains { leads[$0] }
    }
    return (depths[index], outputs.first { leads[$0.node] }?.network)
  }

  /// Bytes of an image's numbers.
  func bytesPerImage(_ precision: Precision) -> Int { imageSize * (precision == .f64 ? 8 : 4) }

  /// Bytes that an engine takes beside tables.
  func engineBytes(_ precision: Precision) -> Int {
    // The arrays, two for scratch, and as much for pairs of an image with itself.
    let padded = { (positions: Int) in (positions * blockImages + 15) / 16 * 16 }
    let most = padded(mostPositions)
    let arrays = slotPositions.reduce(2 * most * most) { $0 + padded($1) * padded($1) }
    return 2 * arrays * ((precision == .f64 ? 8 : 4) + 8)
  }

  /// Pairs of positions and maps that one pair of images costs.
  var pairsPerPair: Double {
    nodes.reduce(0) { sum, node in
      let positions = Double(node.positionCount)
      switch node.map {
      case .attention: return sum + positions * positions * (1 + positions / 16)
      case .tied(let tied): return sum + positions * positions * Double(tied.count * tied.count)
      default: return sum + positions * positions
      }
    }
  }

  /// The fewest pairs of positions that a readout averages over; 1 for networks without pixels, and
  /// where gaps are differences of covariances.
  var fewestAveraged: Int {
    let subtracts = nodes.contains { node in
      switch node.map {
      case .tied, .rootAttention: true
      default: false
      }
    }
    return subtracts ? 1 : fewestAtReadouts
  }

  private var fewestAtReadouts: Int {
    outputs.map { output in
      var place = output.node
      while let input = nodes[place].inputs.first {
        if nodes[place].shape == nil, nodes[input].shape != nil {
          let positions = nodes[input].positionCount
          if case .flatten = nodes[place].map { return positions }
          return positions * positions
        }
        place = input
      }
      return 1
    }.min() ?? .max
  }
}

/// What a position needs of its image where positions mix, M <- A1 M A2^T (see `GraphEngine.mix`).
enum MixValue: Int, CaseIterable {
  /// Half of A g A^T on the diagonal, g the gaps of the image with itself; of K and of Theta.
  case gap, tangentGap
  /// What rounding to the lanes has left of both.
  case gapRest, tangentGapRest
  /// A times the diagonal of K, and of Theta.
  case variance, tangent
  /// The sum of A's row.
  case rowSum

  static let count = allCases.count
}
