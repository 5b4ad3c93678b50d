/// The memory layout of everything in a program, for one kind of lanes.
struct PixelGeometry: Sendable {
  let program: PixelProgram
  /// Numbers per machine register.
  let registerCount: Int
  /// [segment][space]
  let layouts: [[CellLayout]]
  /// Indexed by the convolution's node.
  private(set) var walks: [Int: HorizontalWalk] = [:]
  /// The segment of each node; a pool belongs to the segment before it.
  private(set) var segmentOfNode: [Int]
  /// Size of one image (`.pixels`) or of one image's share (`.images`) in the table, and the places
  /// in the table where each node's values and maps begin.
  private(set) var tableCount = 0
  private(set) var valueOffsets: [Int]
  private(set) var mapOffsets: [Int]
  /// By offsets: how many of these numbers are second copies of other numbers.
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

  /// By offsets: how many offsets go through a segment together. With fewer offsets, more of their
  /// rows stay in the first-level cache. With more offsets, the values of pixels are read less
  /// often, which matters for updates with many values.
  private static func offsetsPerRange(
    _ segment: PixelSegment, valueCount: Int, registerCount: Int
  ) -> Int {
    let spaces = segment.usedSpaces.map { segment.spaces[$0] }
    let pixels = spaces.map(\.shape.count).max() ?? 1
    let offsets = spaces.map { $0.shape.width / $0.classes }.min() ?? 1
    // Two vectors (eight if there are many values) in every row of images of 32 x 32. The count
    // must fill whole vectors, and must be even.
    let fitting = (valueCount > 4 ? 8 : 2) * 4 * registerCount * 32 / pixels
    let fewest = spaces.map { max(4 * registerCount / $0.shape.width, 2) }.max() ?? 2
    var count = fewest
    while 2 * count <= min(fitting, offsets) { count *= 2 }
    return count
  }

  private func numbersPerValue(_ layout: CellLayout) -> Int {
    program.arrangement == .pixels ? layout.valuesPerImage : layout.shape.count
  }

  /// Size of an image's channels in the table.
  var inputCount: Int { program.channels * numbersPerValue(layouts[0][sourceSpace(0)]) }

  /// The shape of a family's state in a segment: the number of slabs of the longest state,
  /// including room for the delays of its convolutions; the size of the largest slab; and the index
  /// of the first slab of the source's state.
  func fieldShape(_ segment: Int) -> (capacity: Int, slabSize: Int, start: Int) {
    let members = program.segments[segment]
    let slab = layouts[segment].map(\.slabSize).max() ?? 1
    let rows = members.families.flatMap { $0.rows.map(\.count) }.max() ?? 0
    if members.isByOffset {
      // Every convolution writes its result one slab before its input, and needs one slab before
      // its input and one slab after it.
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

  /// Size of the largest family's state.
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

  /// Size of K (or Theta) before a convolution, summed down the windows of every row of the result.
  func windowSumCount(_ node: Int) -> Int {
    outputLayout(node).shape.height * inputLayout(node).line
  }

  /// Whether K and Theta before the node are kept. They are the gaps of pixels whose partner is
  /// outside.
  func needsInputMaps(_ node: Int) -> Bool {
    guard program.arrangement == .pixels, case .convolution(let step, _) = program.nodes[node].step
    else { return false }
    return step.vertical.padding == .same || step.horizontal.padding == .same
  }

  /// Whether K and Theta after the convolution are kept. They give the gaps of independent pixels.
  func needsOutputMaps(_ node: Int) -> Bool {
    guard program.arrangement == .pixels, case .convolution(let step, _) = program.nodes[node].step
    else { return false }
    return step.isLocal
  }
}

/// Everything that the engine needs of one node for every pair of rows, in one place.
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
  /// The places of each pixel's number in the input and in the output layout.
  let inputPlaces: [Int]
  let outputPlaces: [Int]
  /// nil by offsets, and for nodes that are not convolutions.
  let walk: HorizontalWalk?

  /// Whether the node can run as an `ImagePass`.
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
