/// Where everything of a program lies in memory for one kind of lanes.
struct PixelGeometry: Sendable {
  let program: PixelProgram
  /// Numbers of a machine register.
  let registerCount: Int
  /// [segment][space]
  let layouts: [[CellLayout]]
  /// By the convolution's node.
  private(set) var walks: [Int: HorizontalWalk] = [:]
  /// The segment that a node belongs to; a pool belongs to the one before it.
  private(set) var segmentOfNode: [Int]
  /// Numbers of one image (`.pixels`) or one image's share (`.images`) in the table, and where each
  /// node's values and maps begin there.
  private(set) var tableCount = 0
  private(set) var valueOffsets: [Int]
  private(set) var mapOffsets: [Int]
  /// Those that by offsets say again what others say.
  private(set) var repeatedCount = 0

  init(_ program: PixelProgram, registerCount: Int) {
    self.program = program
    self.registerCount = registerCount
    layouts = program.segments.map { segment in
      let values = segment.members.map { program.nodes[$0].step.valueCount }.max() ?? 0
      let offsets =
        segment.isByOffset
        ? Self.offsetsPerRange(segment, valueCount: values, registerCount: registerCount) : nil
      return segment.spaces.map {
        CellLayout(
          $0, program.arrangement, offsetsPerRange: offsets, registerCount: registerCount)
      }
    }
    segmentOfNode = [Int](repeating: 0, count: program.nodes.count)
    valueOffsets = segmentOfNode
    mapOffsets = segmentOfNode
    tableCount = inputCount
    for (index, segment) in program.segments.enumerated() {
      let first = tableCount
      for pool in segment.pools { segmentOfNode[pool] = index }
      for node in segment.members {
        segmentOfNode[node] = index
        let (input, output) = (inputLayout(node), outputLayout(node))
        if case .convolution(let step, _) = program.nodes[node].step, !segment.isByOffset {
          walks[node] = HorizontalWalk(
            step.horizontal, input, output, program.arrangement, registerCount: registerCount)
        }
        valueOffsets[node] = tableCount
        tableCount += valueCount(node) * numbersPerValue(output)
        mapOffsets[node] = tableCount
        if needsInputMaps(node) {
          tableCount += 2 * numbersPerValue(input) + 2 * windowSumCount(node)
        }
        if needsOutputMaps(node) { tableCount += 2 * numbersPerValue(output) }
      }
      if segment.isByOffset { repeatedCount += (tableCount - first) / 2 }
    }
    if program.arrangement == .pixels && program.segments[0].isByOffset {
      repeatedCount += inputCount / 2
    }
  }

  /// By offsets: how many go through a segment together. The fewer, the more of their rows stays in
  /// the first cache; the more, the less often the values of pixels are read again, of which some
  /// updates have many.
  private static func offsetsPerRange(
    _ segment: PixelSegment, valueCount: Int, registerCount: Int
  ) -> Int {
    let spaces = segment.usedSpaces.map { segment.spaces[$0] }
    let pixels = spaces.map(\.shape.count).max() ?? 1
    let offsets = spaces.map { $0.shape.width / $0.classes }.min() ?? 1
    // Two vectors, or eight, in every row of images of 32 x 32; as many as fill vectors, and pairs.
    let fitting = (valueCount > 4 ? 8 : 2) * 4 * registerCount * 32 / pixels
    let fewest = spaces.map { max(4 * registerCount / $0.shape.width, 2) }.max() ?? 2
    var count = fewest
    while 2 * count <= min(fitting, offsets) { count *= 2 }
    return count
  }

  private func numbersPerValue(_ layout: CellLayout) -> Int {
    program.arrangement == .pixels ? layout.valuesPerImage : layout.shape.count
  }

  /// Numbers of an image's channels.
  var inputCount: Int { program.channels * numbersPerValue(layouts[0][sourceSpace(0)]) }

  /// The state of a family in a segment: slabs of the longest one, room for what its convolutions
  /// delay included; numbers of the largest slab; and where the state of its source starts.
  func fieldShape(_ segment: Int) -> (capacity: Int, slabSize: Int, start: Int) {
    let members = program.segments[segment]
    let slab = layouts[segment].map(\.slabSize).max() ?? 1
    let rows = members.families.flatMap { $0.rows.map(\.count) }.max() ?? 0
    if members.isByOffset {
      // Every convolution begins one slab before the last one, and has one before it and one
      // behind.
      let convolutions = members.members.count { isConvolution($0) }
      return (rows + convolutions + 1, slab, convolutions)
    }
    let delay = members.families.flatMap { $0.convolutions.values.map(\.delay) }.max() ?? 0
    return (rows + delay + 1, slab, 0)
  }

  private func isConvolution(_ node: Int) -> Bool {
    if case .convolution = program.nodes[node].step { return true }
    return false
  }

  /// Numbers of the largest family's state.
  var fieldCount: Int {
    program.segments.indices.map { fieldShape($0) }.map { $0.capacity * $0.slabSize }.max() ?? 1
  }

  func sourceSpace(_ segment: Int) -> Int { program.segments[segment].sourceSpace }
  func inputLayout(_ node: Int) -> CellLayout {
    let segment = segmentOfNode[node]
    return layouts[segment][program.segments[segment].inputSpace(node)]
  }
  func outputLayout(_ node: Int) -> CellLayout {
    let segment = segmentOfNode[node]
    return layouts[segment][program.segments[segment].outputSpace(node)]
  }

  /// Values per pixel of a node's update.
  func valueCount(_ node: Int) -> Int { program.nodes[node].step.valueCount }

  /// Numbers of K (or Theta) before a convolution summed down the windows of every row behind it.
  func windowSumCount(_ node: Int) -> Int {
    outputLayout(node).shape.height * inputLayout(node).line
  }

  /// Whether K and Theta before the node are kept: the gaps of pixels whose partner is outside.
  func needsInputMaps(_ node: Int) -> Bool {
    guard program.arrangement == .pixels, case .convolution(let step, _) = program.nodes[node].step
    else { return false }
    return step.vertical.padding == .same || step.horizontal.padding == .same
  }

  /// Whether K and Theta behind the convolution are kept: the gaps of independent pixels.
  func needsOutputMaps(_ node: Int) -> Bool {
    guard program.arrangement == .pixels, case .convolution(let step, _) = program.nodes[node].step
    else { return false }
    return step.isLocal
  }
}

/// What the engine needs for every pair of rows of one node, in one place.
final class PixelNodePlan: Sendable {
  let input: CellLayout
  let output: CellLayout
  let valueCount: Int
  let values: Int
  let maps: Int
  let windowSums: Int
  let windowSumCount: Int
  let inputSpace: Int
  let outputSpace: Int
  /// Where the number of each pixel stands.
  let inputPlaces: [Int]
  let outputPlaces: [Int]
  /// nil for what is no convolution, and by offsets.
  let walk: HorizontalWalk?

  /// Whether it can be an `ImagePass`.
  let isOverImages: Bool

  init(_ geometry: PixelGeometry, _ node: Int) {
    let segment = geometry.program.segments[geometry.segmentOfNode[node]]
    input = geometry.inputLayout(node)
    output = geometry.outputLayout(node)
    valueCount = geometry.valueCount(node)
    values = geometry.valueOffsets[node]
    maps = geometry.mapOffsets[node]
    windowSums = maps + 2 * input.valuesPerImage
    windowSumCount = geometry.windowSumCount(node)
    inputSpace = segment.inputSpace(node)
    outputSpace = segment.outputSpace(node)
    (inputPlaces, outputPlaces) = (input.places, output.places)
    walk = geometry.walks[node]
    guard case .convolution(let step, _) = geometry.program.nodes[node].step else {
      isOverImages = false
      return
    }
    isOverImages =
      geometry.program.arrangement == .images && !step.isLocal
      && [step.vertical, step.horizontal].allSatisfy(\.isAround)
  }
}
