/// The steps between two pools. Convolutions shift both pixels of a pair together, so the pairs of
/// pixel rows (a of the first image, a' of the second) fall into families that never mix within a
/// segment. With zero padding, a family has the pairs of one offset a' - a. One family at a time
/// goes through all steps, so the whole array of pixel pairs is never stored.
struct PixelSegment: Sendable {
  /// A set of pairs of rows that several steps share, and the order of the columns in them.
  struct Space: Sendable {
    let shape: PixelShape
    /// Only offsets a' - a across the image that are multiples of `classes` are needed. Columns are
    /// sorted by their remainder, and only columns of the same class meet.
    var classes = 0
    /// [height a][height a']: the pairs of rows that a readout or a pool depends on.
    var needed: [Bool]
  }

  /// The pool that the segment starts from; nil for the images.
  let source: Int?
  /// The nodes of the segment, parents first.
  private(set) var members: [Int] = []
  /// The pools that follow the segment.
  private(set) var pools: [Int] = []
  private(set) var spaces: [Space] = []
  private(set) var families: [RowFamily] = []
  /// The largest number of a residual's states that are kept at once.
  private(set) var keptDepth = 0
  /// Whether the rows of the segment can lie by offsets (see `OffsetPass`).
  private(set) var isByOffset = false
  private var inputSpaces: [Int: Int] = [:]
  private var outputSpaces: [Int: Int] = [:]
  private var merged: [Int] = []

  init(
    startingAt source: Int?, _ roots: [Int], _ nodes: [PixelProgram.Node], shape: PixelShape
  ) {
    self.source = source
    var stack: [(children: [Int], space: Int, kept: [Int])] = [(roots, addSpace(shape), [])]
    while let (children, before, kept) = stack.popLast() {
      for child in children {
        if case .pool = nodes[child].step {
          pools.append(child)
          inputSpaces[child] = before
          continue
        }
        members.append(child)
        var (after, saved) = (before, kept)
        switch nodes[child].step {
        case .convolution(let step, _): after = addSpace(step.output)
        case .update, .pool: break
        case .fork: saved.append(before)
        case .exchange: (after, saved[saved.count - 1]) = (saved[saved.count - 1], before)
        case .join: merge(before, saved.removeLast())
        }
        keptDepth = max(keptDepth, saved.count)
        inputSpaces[child] = before
        outputSpaces[child] = after
        stack.append((nodes[child].children, after, saved))
      }
    }
    members.sort()
    pools.sort()
  }

  private mutating func addSpace(_ shape: PixelShape) -> Int {
    spaces.append(
      Space(shape: shape, needed: [Bool](repeating: false, count: shape.height * shape.height)))
    merged.append(spaces.count - 1)
    return spaces.count - 1
  }

  private mutating func merge(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    merged[max(a, b)] = min(a, b)
  }

  private func root(_ space: Int) -> Int {
    var space = space
    while merged[space] != space { space = merged[space] }
    return space
  }

  /// The space of a node's input.
  func inputSpace(_ node: Int) -> Int { root(inputSpaces[node] ?? 0) }
  /// The space of a node's result.
  func outputSpace(_ node: Int) -> Int { root(outputSpaces[node] ?? 0) }
  /// The space of the segment's input.
  var sourceSpace: Int { root(0) }
  /// The pairs of rows that the segment needs of its input.
  var neededSourceRows: [Bool] { spaces[sourceSpace].needed }

  /// Finds the pairs that are needed in every space, and the families.
  ///
  /// - Parameter neededOfPools: for each pool, the pairs of rows that the segment after it needs.
  mutating func findFamilies(_ nodes: [PixelProgram.Node], neededOfPools: [Int: [Bool]]) {
    for node in members where !nodes[node].readouts.isEmpty { needDiagonal(outputSpace(node)) }
    if let source, !nodes[source].readouts.isEmpty { needDiagonal(sourceSpace) }
    // After a pool, the variance of a pixel comes from its pair with itself.
    if source != nil {
      for node in members {
        switch nodes[node].step {
        case .update(let update) where update.needsAllPixels,
          .convolution(_, let update) where update.needsAllPixels:
          needEqualRows(outputSpace(node))
        default: break
        }
      }
    }
    for pool in pools {
      guard case .pool(let step) = nodes[pool].step, let wanted = neededOfPools[pool] else {
        continue
      }
      if step.isTraced {
        let height = step.vertical.input
        for (a, factors) in step.traceFactors(step.vertical).enumerated() {
          for b in factors.indices where factors[b] != 0 {
            spaces[inputSpace(pool)].needed[a * height + b] = true
          }
        }
      } else {
        need(inputSpace(pool), of: step.vertical, wanted)
      }
      spaces[inputSpace(pool)].classes = 1
    }
    let convolutions = members.reversed().compactMap { node -> (Int, ConvolutionStep)? in
      guard case .convolution(let step, _) = nodes[node].step else { return nil }
      return (node, step)
    }
    // Branches that share a space may need each other's rows, so repeat until nothing changes.
    var isChanged = true
    while isChanged {
      isChanged = false
      for (node, step) in convolutions {
        let (input, output) = (inputSpace(node), outputSpace(node))
        let before = (spaces[input].needed, spaces[input].classes)
        spaces[input].needed = Self.rows(
          neededFor: spaces[output].needed, step.vertical, also: before.0)
        spaces[input].classes = Self.classes(step.horizontal, spaces[output].classes, before.1)
        if (spaces[input].needed, spaces[input].classes) != before { isChanged = true }
      }
    }
    for space in spaces.indices where spaces[space].classes == 0 { spaces[space].classes = 1 }
    families = RowFamily.all(
      spaces, convolutions.map { ($0, inputSpace($0), outputSpace($0), $1.vertical) })
  }

  /// The spaces that steps use.
  var usedSpaces: [Int] {
    Set(members.flatMap { [inputSpace($0), outputSpace($0)] } + [sourceSpace]).sorted()
  }

  /// Notes whether the rows of the segment can lie by offsets. All of these conditions must hold:
  /// images have a supported width; windows are 3 x 3 with zero padding and stride 1 or 2; families
  /// consist of one whole offset; pools have one window or windows of 2 x 2; there are no readouts
  /// in the segment; and the sums of the pool before the segment, if there is one, are by offset.
  mutating func noteOffsets(_ nodes: [PixelProgram.Node], behind before: PixelSegment?) {
    if let source {
      guard case .pool(let pool) = nodes[source].step, nodes[source].readouts.isEmpty,
        before?.isByOffset == true, OffsetPoolKind(pool) == .pairs
      else { return }
    }
    let layersFit = members.allSatisfy { node in
      guard nodes[node].readouts.isEmpty else { return false }
      guard case .convolution(let step, _) = nodes[node].step else { return true }
      let windows = [step.vertical, step.horizontal]
      // A halving step yields every second offset only. It does not fit if another step needs the
      // others.
      let isHalving =
        windows.allSatisfy(\.isHalving)
        && spaces[inputSpace(node)].classes == 2 * spaces[outputSpace(node)].classes
      return !step.isLocal && (windows.allSatisfy(\.isAround) || isHalving)
    }
    let poolsFit = pools.allSatisfy { node in
      guard case .pool(let pool) = nodes[node].step else { return false }
      return OffsetPoolKind(pool) != nil
    }
    let usedSpaces = usedSpaces
    let spacesFit = usedSpaces.allSatisfy {
      let (width, classes) = (spaces[$0].shape.width, spaces[$0].classes)
      // There must be enough offsets to fill any vector.
      return OffsetPass<Float>.widths.contains(width) && width % (4 * classes) == 0
        && (classes & (classes - 1)) == 0
    }
    isByOffset =
      layersFit && poolsFit && spacesFit
      && families.allSatisfy { family in
        usedSpaces.allSatisfy {
          family.isWholeOffset($0, height: spaces[$0].shape.height)
        }
      }
  }

  private mutating func needDiagonal(_ space: Int) {
    needEqualRows(space)
    spaces[space].classes = 1
  }

  private mutating func needEqualRows(_ space: Int) {
    let height = spaces[space].shape.height
    for row in 0..<height { spaces[space].needed[row * height + row] = true }
  }

  private mutating func need(_ space: Int, of window: AxisWindow, _ wanted: [Bool]) {
    for p in 0..<window.output {
      for q in 0..<window.output where wanted[p * window.output + q] {
        for a in window.places(p) {
          for b in window.places(q) { spaces[space].needed[a * window.input + b] = true }
        }
      }
    }
  }

  private static func rows(
    neededFor wanted: [Bool], _ window: AxisWindow, also before: [Bool]
  ) -> [Bool] {
    var needed = before
    for p in 0..<window.output {
      for q in 0..<window.output where wanted[p * window.output + q] {
        for tap in 0..<window.size {
          guard let a = window.place(p, tap: tap), let b = window.place(q, tap: tap) else {
            continue
          }
          needed[a * window.input + b] = true
        }
      }
    }
    return needed
  }

  /// The number of classes of columns before a convolution whose result has `after` classes.
  private static func classes(_ window: AxisWindow, _ after: Int, _ before: Int) -> Int {
    guard after > 0 else { return before }
    var wanted = window.stride * after
    // If every column has its own class, more classes are no use.
    if wanted > 4 * window.input { wanted = window.input }
    // With circular padding, remainders are kept only if the number of classes divides the width.
    if window.padding == .circular, window.input % wanted != 0 { wanted = 1 }
    return gcd(wanted, before)
  }

  private static func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }
}
