/// Several networks as one graph for the `GraphEngine`, with the data that the engine needs of each
/// node.
struct GraphProgram: Sendable {
  /// The data of a node that the engine needs besides the map.
  struct Step: Sendable {
    /// The operation on each pair of positions on its own; nil for other kinds of maps.
    var update: (any PixelUpdate)?
    /// Number of values per position besides K and Theta, and of values per image besides those of
    /// positions.
    var valueCount = 0
    var matrixCount = 0
    /// The index of the node's first number among the numbers of an image.
    var offset = 0
    /// A lower bound for the correlations between positions of the signal.
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
  /// The network and the node of each kernel that is computed.
  private(set) var outputs: [(network: Int, node: Int)] = []
  /// Size of an image in the table.
  private(set) var imageSize = 0
  /// The number of positions of the largest signal in each array.
  private(set) var slotPositions: [Int] = []
  /// Shape and channels of the images.
  let shape: PixelShape
  let channels: Int

  var nodes: [KernelGraph.Node] { graph.nodes }

  /// Compiles networks.
  ///
  /// - Parameter networks: networks with their numbers in the program; at least one, for images of
  ///   one shape.
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

  /// Number of values per position in a record: K, Theta and the node's values.
  func recordCount(_ node: Int) -> Int { 2 + steps[node].valueCount }

  /// The number of positions of the largest signal.
  var mostPositions: Int { nodes.map(\.positionCount).max() ?? 1 }

  /// The number of images of a tile's rows (and columns) that go through the graph together: enough
  /// to fill registers if there are few positions.
  var blockImages: Int { max(1, 64 / mostPositions) }

  private mutating func note(_ index: Int) {
    let node = nodes[index]
    let least = node.inputs.map { steps[$0].leastCorrelation }.min() ?? -1
    // If positions are mixed, variances contain covariances as well, so only the sign of the bound
    // is kept.
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
    // The product of two correlations, one of which may be negative.
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
        // K and Theta after the activation follow the activation's values.
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

  /// Notes the nodes that need the pairs of an image with itself: all nodes before a map that mixes
  /// positions.
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

  /// Assigns an array to every node, such that nodes that are needed at the same time have
  /// different arrays.
  private mutating func assignSlots() {
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { steps[input].lastUse = index }
    }
    for (_, node) in outputs { steps[node].lastUse = nodes.count }
    var owners: [Int?] = []
    for (index, node) in nodes.enumerated() {
      // Activations and normalizations overwrite their input in place if nothing reads it later.
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

  /// The number of maps up to a node, including the node, and one of the networks that contain it.
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

  /// Size of an image in the table, in bytes.
  func bytesPerImage(_ precision: Precision) -> Int { imageSize * (precision == .f64 ? 8 : 4) }

  /// Memory of an engine in bytes, besides tables.
  func engineBytes(_ precision: Precision) -> Int {
    // The arrays, two scratch arrays, and as much again for pairs of an image with itself.
    let padded = { (positions: Int) in (positions * blockImages + 15) / 16 * 16 }
    let most = padded(mostPositions)
    let arrays = slotPositions.reduce(2 * most * most) { $0 + padded($1) * padded($1) }
    return 2 * arrays * ((precision == .f64 ? 8 : 4) + 8)
  }

  /// The cost of one pair of images, in pairs of positions times maps.
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

  /// The fewest pairs of positions that a readout averages over; 1 for networks without pixels, if
  /// gaps are computed as differences of covariances, and if values are averaged before any
  /// activation, because these may cancel completely.
  var fewestAveraged: Int {
    let subtracts = nodes.contains { node in
      switch node.map {
      case .tied, .rootAttention: true
      default: false
      }
    }
    return subtracts || averagesEarly ? 1 : fewestAtReadouts
  }

  /// Whether a map of positions averages values before any activation.
  private var averagesEarly: Bool {
    var isActivated: [Bool] = []
    for node in nodes {
      let before = node.inputs.contains { isActivated[$0] }
      switch node.map {
      case .mix(let mix) where !before && mix.rows.contains { $0.count > 1 }: return true
      case .activation, .recurrent, .tied: isActivated.append(true)
      default: isActivated.append(before)
      }
    }
    return false
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

/// The values that a position needs of its image if positions are mixed, M <- A1 M A2^T (see
/// `GraphEngine.mix`).
enum MixValue: Int, CaseIterable {
  /// Half of the diagonal of A g A^T, where g are the gaps of the image with itself; for K and for
  /// Theta.
  case gap, tangentGap
  /// The rounding errors of both numbers in the precision of the lanes.
  case gapRest, tangentGapRest
  /// A times the diagonal of K, and of Theta.
  case variance, tangent
  /// The sum of A's row.
  case rowSum

  static let count = allCases.count
}
