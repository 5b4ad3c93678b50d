/// The convolutional parts of several networks compiled into one pass over pairs of images.
struct PixelProgram: Sendable {
  /// The kinds of pairs that lie side by side in a cell of the state.
  enum Arrangement: Sendable {
    /// Pairs of images at one pixel: for networks that never need two different pixels.
    case images
    /// Pairs of pixels: a row of one image with a row of another.
    case pixels
  }

  /// One step and the steps that follow it; children come after their parents.
  struct Node: StepTreeNode, Sendable {
    var step: PixelStep
    /// The readouts that flatten this node's result.
    var readouts: [Int] = []
    var children: [Int] = []
    var shape: PixelShape
  }

  let arrangement: Arrangement
  /// Shape and channels of the input images.
  let shape: PixelShape
  let channels: Int
  private(set) var nodes: [Node]
  private(set) var roots: [Int]
  let readoutCount: Int
  /// The parts between pools. The first part starts from the images, the others from a pool.
  private(set) var segments: [PixelSegment] = []
  /// The segment that starts at each pool.
  private(set) var segmentAtPool: [Int: Int] = [:]

  /// Compiles the steps of several networks.
  ///
  /// - Parameters:
  ///   - tree: the networks' steps; its ends are numbers of readouts.
  ///   - shape: shape of the images in pixels.
  init(
    _ tree: PrefixTree<PixelStep>, shape: PixelShape, channels: Int, readoutCount: Int,
    arrangement: Arrangement
  ) {
    self.shape = shape
    self.channels = channels
    self.readoutCount = readoutCount
    self.arrangement = arrangement
    roots = tree.roots[0, default: []]
    nodes = tree.nodes.map {
      Node(step: $0.step, readouts: $0.ends, children: $0.children, shape: shape)
    }
    noteShapes()
    noteCorrelations()
    fuse()
    cutSegments()
  }

  private mutating func noteShapes() {
    // A shortcut starts from its fork's shape, so the shapes of the kept states follow the path.
    var stack: [(children: [Int], shape: PixelShape, kept: [PixelShape])] = [(roots, shape, [])]
    while let (children, before, kept) = stack.popLast() {
      for child in children {
        var (after, saved) = (before, kept)
        switch nodes[child].step {
        case .convolution(let step, _): after = step.output
        case .pool(let step): after = step.output
        case .update: break
        case .fork: saved.append(before)
        case .exchange: (after, saved[saved.count - 1]) = (saved[saved.count - 1], before)
        case .join: saved.removeLast()
        }
        nodes[child].shape = after
        stack.append((nodes[child].children, after, saved))
      }
    }
  }

  /// Tells every update a lower bound for the correlations that reach it. Convolutions sum
  /// covariances and variances alike, so the bound stays. In a pool, the variances also contain the
  /// covariances of different pixels, so only the sign is kept.
  private mutating func noteCorrelations() {
    var stack: [(children: [Int], known: Double, kept: [Double])] = [(roots, -1, [])]
    while let (children, before, kept) = stack.popLast() {
      for child in children {
        var (known, saved) = (before, kept)
        switch nodes[child].step {
        case .convolution: break
        case .pool: known = before < 0 ? -1 : before
        case .update(var update):
          update.leastCorrelation = before
          nodes[child].step = .update(update)
          known = update.leastCorrelationAfter
        case .fork: saved.append(before)
        case .exchange: (known, saved[saved.count - 1]) = (saved[saved.count - 1], before)
        case .join: known = min(saved.removeLast(), before)
        }
        stack.append((nodes[child].children, known, saved))
      }
    }
  }

  /// Merges an update into the sweep of the convolution before it, if nothing else needs the result
  /// between them.
  private mutating func fuse() {
    for index in nodes.indices {
      guard case .convolution(let convolution, _) = nodes[index].step, !convolution.isLocal,
        nodes[index].readouts.isEmpty, nodes[index].children.count == 1,
        case .update(let update) = nodes[nodes[index].children[0]].step
      else { continue }
      let absorbed = nodes[index].children[0]
      nodes[index].step = .convolution(convolution, then: update)
      nodes[index].readouts = nodes[absorbed].readouts
      nodes[index].children = nodes[absorbed].children
    }
    let places = nodes.keepReachable(from: roots)
    roots = roots.compactMap { places[$0] }
  }

  private mutating func cutSegments() {
    segments.append(PixelSegment(startingAt: nil, roots, nodes, shape: shape))
    for index in nodes.indices {
      guard case .pool(let pool) = nodes[index].step else { continue }
      segmentAtPool[index] = segments.count
      segments.append(
        PixelSegment(startingAt: index, nodes[index].children, nodes, shape: pool.output))
    }
    // A pool needs from its segment what the next segment needs from the pool, so start with the
    // last segment.
    for segment in segments.indices.reversed() {
      let pools = segments[segment].pools
      var needed: [Int: [Bool]] = [:]
      for pool in pools {
        if let after = segmentAtPool[pool] { needed[pool] = segments[after].neededSourceRows }
      }
      segments[segment].findFamilies(nodes, neededOfPools: needed)
    }
    // Sums by offset can only be read by offset or, as a whole, by columns, so start with the first
    // segment.
    for segment in segments.indices where arrangement == .pixels {
      let source = segments[segment].source
      let before = source.flatMap { pool in segments.first { $0.pools.contains(pool) } }
      segments[segment].noteOffsets(nodes, behind: before)
    }
  }

  /// The number of pixels that each readout flattens.
  var readoutPixels: [Int] {
    var counts = [Int](repeating: 1, count: readoutCount)
    for node in nodes { for readout in node.readouts { counts[readout] = node.shape.count } }
    return counts
  }

  /// The fewest pairs of pixels, at the last layer before any pool, that a readout averages over. 0
  /// if a pool averages values before any activation: these may cancel completely.
  var fewestAveraged: Int {
    var fewest = Int.max
    var stack = roots.map { (node: $0, averaged: 0, isActivated: false, poolsEarly: false) }
    while let (node, before, wasActivated, pooledEarly) = stack.popLast() {
      let pixels = nodes[node].shape.count
      var (averaged, isActivated, poolsEarly) = (before, wasActivated, pooledEarly)
      switch nodes[node].step {
      case .pool(let pool):
        averaged = pool.isTraced ? min(before, pool.tracedPairs) : before
        poolsEarly = poolsEarly || !wasActivated
      case .update(let update), .convolution(_, let update):
        isActivated = isActivated || update.isActivation
      case .fork, .exchange, .join: break
      }
      if case .pool = nodes[node].step {
      } else {
        averaged = arrangement == .images ? pixels : pixels * pixels
      }
      if !nodes[node].readouts.isEmpty { fewest = min(fewest, poolsEarly ? 0 : averaged) }
      stack += nodes[node].children.map { ($0, averaged, isActivated, poolsEarly) }
    }
    return fewest
  }

  /// Size in bytes of the sums of one pair of images at all pools.
  var poolBytes: Int {
    nodes.reduce(0) { sum, node in
      guard case .pool(let pool) = node.step else { return sum }
      return sum + 16 * pool.output.count * pool.output.count
    }
  }

  /// The number of images whose tables are built together; each image holds the sums of its pools.
  var tableBatch: Int { max(1, min(PixelVariances.imageCount, (64 << 20) / max(poolBytes, 1))) }

  /// Memory of an engine in bytes: the states of a family, the sums of one pair of images at the
  /// pools and, while tables are built, the sums of some images with themselves.
  func engineBytes(_ precision: Precision) -> Int {
    let isDouble = precision == .f64
    let geometry = PixelGeometry(
      self, registerCount: isDouble ? Float64Lanes.rowCount : Float32Lanes.rowCount)
    let fields = 2 * (segments.map(\.keptDepth).max() ?? 0) + 3
    return fields * geometry.fieldCount * (isDouble ? 8 : 4) + (tableBatch + 2) * poolBytes
  }

  /// The cost of one pair of images, in pairs of pixels times layers.
  var pixelPairsPerPair: Double {
    segments.reduce(0) { sum, segment in
      sum
        + segment.members.reduce(0.0) { sum, node in
          guard case .convolution(let convolution, _) = nodes[node].step else { return sum }
          let rows = segment.families.reduce(0) { $0 + $1.rows[segment.outputSpace(node)].count }
          let width = Double(convolution.output.width)
          let classes = Double(segment.spaces[segment.outputSpace(node)].classes)
          return sum
            + Double(rows) * (arrangement == .images ? width : width * width / classes)
        }
    }
  }

  /// Size in bytes of an image's share in a `PixelTable`, and how many of these bytes are second
  /// copies of other bytes, for the layout by offsets.
  func bytesPerImage(_ precision: Precision) -> (all: Int, repeated: Int) {
    let isDouble = precision == .f64
    let geometry = PixelGeometry(
      self, registerCount: isDouble ? Float64Lanes.rowCount : Float32Lanes.rowCount)
    let size = isDouble ? 8 : 4
    return (geometry.tableCount * size, geometry.repeatedCount * size)
  }
}
