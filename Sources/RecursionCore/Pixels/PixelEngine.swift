/// Takes pairs of images through a pixel program, family by family. Every family goes through all
/// steps of a segment while it stays in the cache; its results are added to the sums of pools and
/// readouts.
///
/// Memory: see `PixelProgram.engineBytes`. The state of one vertical offset of images of 32 x 32
/// pixels takes 0.5 MB in double precision, or 32 kB if it is divided into horizontal offsets. For
/// pools, see `PoolSums`.
final class PixelEngine<L: CoreLanes> {
  typealias Scalar = L.Scalar

  /// `.pixels`: the numbers of one image in a table. `.images`: the table from one image on.
  struct Image {
    let base: UnsafePointer<Scalar>
    var pools: [Int: PooledImage] = [:]
  }

  let program: PixelProgram
  let geometry: PixelGeometry
  /// Sums of g and of h over the pixels at each readout: [readout][pair of a block].
  var readoutGaps: [[Double]]
  var readoutTangentGaps: [[Double]]

  /// Factors that turn these sums into means.
  private let readoutScales: [Double]
  /// Memory for the tables that are made for this engine.
  let tables = StoragePool<Scalar>(capacity: 2)
  private let poolMemory: StoragePool<Double>
  /// Vertical sums of a pair of rows.
  let sums: AlignedStorage<Scalar>
  /// States that are free, and the memory of all states.
  private var spare: [PixelField<L>] = []
  private var fields: [AlignedStorage<Scalar>] = []
  /// The shape of a family's state in each segment.
  private let fieldShapes: [(capacity: Int, slabSize: Int, start: Int)]
  let edges: EdgeSums<L>
  /// By node; nil for pools.
  let plans: [PixelNodePlan?]
  /// Indexed by the pool's node: accumulators for segments by columns and for segments by offsets.
  let accumulators: [PoolAccumulator<L>?]
  let offsetAccumulators: [OffsetPoolAccumulator<L>?]
  /// The pools and the other steps after each node, and after the start of each segment.
  private let successors: [Successors]
  private let firstSuccessors: [Successors]
  /// The steps of each segment by offsets that is a chain; nil for the other segments.
  private let offsetChains: [[ChainStep<L>]?]
  /// The pass of all segments by offsets; the place of every lane in rows of 32 and of 16 pixels;
  /// and the sums of a pair of rows.
  let offsetPass: PixelPass<L>
  let places32: AlignedStorage<Scalar>
  let places16: AlignedStorage<Scalar>
  let offsetSums: AlignedStorage<Scalar>
  /// Zeros and sums for an `ImagePass`.
  let imageZeros: AlignedStorage<Scalar>
  let imageSums: AlignedStorage<Scalar>

  init(_ program: PixelProgram) {
    self.program = program
    geometry = PixelGeometry(program, registerCount: L.rowCount)
    let poolCount = program.segments.reduce(0) { $0 + $1.pools.count }
    poolMemory = StoragePool(capacity: 2 * poolCount)
    sums = AlignedStorage(
      // Vectors at the ends of the last rows read slightly beyond the end.
      count: geometry.walks.values.map { $0.count + 4 * $0.rowSize + L.count }.max() ?? 1)
    let geometry = geometry
    fieldShapes = program.segments.indices.map { geometry.fieldShape($0) }
    places32 = AlignedStorage(count: max(32, L.count))
    places16 = AlignedStorage(count: max(16, L.count))
    for lane in 0..<places32.count { places32.base[lane] = Scalar(lane % 32) }
    for lane in 0..<places16.count { places16.base[lane] = Scalar(lane % 16) }
    offsetSums = AlignedStorage(count: geometry.layouts.joined().map(\.slabSize).max() ?? 1)
    offsetPass = PixelPass(
      state: sums.base, stateStrides: .init(outer: 0, row: 0, plane: 0),
      sums: UnsafePointer(sums.base), sumsStrides: .init(outer: 0, row: 0, plane: 0))
    let isImages = program.arrangement == .images
    imageZeros = AlignedStorage(
      count: isImages ? geometry.layouts.joined().map(\.slabSize).max() ?? 1 : 1)
    imageSums = AlignedStorage(count: ImagePass<L>.sumCount * ImagePass<L>.cell)
    let pairs = isImages ? 4 * L.rowCount : 1
    readoutGaps = [[Double]](
      repeating: [Double](repeating: 0, count: pairs), count: program.readoutCount)
    readoutTangentGaps = readoutGaps
    readoutScales = program.readoutPixels.map { 1 / Double($0) }
    edges = EdgeSums(geometry)
    var plans = [PixelNodePlan?](repeating: nil, count: program.nodes.count)
    var accumulators = [PoolAccumulator<L>?](repeating: nil, count: program.nodes.count)
    var offsetAccumulators = [OffsetPoolAccumulator<L>?](repeating: nil, count: program.nodes.count)
    for (index, segment) in program.segments.enumerated() {
      for node in segment.members { plans[node] = PixelNodePlan(geometry, node) }
      for node in segment.pools {
        guard case .pool(let pool) = program.nodes[node].step else { continue }
        let layout = geometry.layouts[index][segment.inputSpace(node)]
        if segment.isByOffset {
          offsetAccumulators[node] = OffsetPoolAccumulator(pool, layout)
        } else {
          accumulators[node] = PoolAccumulator(pool, layout)
        }
      }
    }
    (self.plans, self.accumulators, self.offsetAccumulators) = (
      plans, accumulators, offsetAccumulators
    )
    successors = program.nodes.map { Successors($0.children, program) }
    firstSuccessors = program.segments.map {
      Successors($0.source.map { program.nodes[$0].children } ?? program.roots, program)
    }
    offsetChains = program.segments.map { ChainStep.chain($0, program, plans, offsetAccumulators) }
  }

  /// The nodes that follow a step.
  private struct Successors {
    var pools: [(node: Int, pool: PoolStep)] = []
    var steps: [Int] = []

    init(_ children: [Int], _ program: PixelProgram) {
      for child in children {
        if case .pool(let pool) = program.nodes[child].step {
          pools.append((child, pool))
        } else {
          steps.append(child)
        }
      }
    }
  }

  /// The means of g and of h over a readout's pixels, for one pair of a block.
  func meanGap(_ readout: Int, _ pair: Int) -> Double {
    readoutGaps[readout][pair] * readoutScales[readout]
  }
  func meanTangentGap(_ readout: Int, _ pair: Int) -> Double {
    readoutTangentGaps[readout][pair] * readoutScales[readout]
  }

  /// Sets the readouts' sums to 0, before a new pair or block of pairs of images.
  func clearReadouts() {
    for readout in 0..<program.readoutCount {
      for pair in readoutGaps[readout].indices {
        readoutGaps[readout][pair] = 0
        readoutTangentGaps[readout][pair] = 0
      }
    }
  }

  /// Runs all segments for a pair (or block of pairs) of images.
  ///
  /// - Returns: whether the run finished, that is, `poll` did not stop it.
  func run(_ x: Image, _ y: Image, poll: () -> Bool) -> Bool {
    clearReadouts()
    var waiting: [(segment: Int, source: PoolSums?)] = [(0, nil)]
    while let (segment, source) = waiting.popLast() {
      var isComplete = true
      let pools = run(segment: segment, x, y, source: source, isSelf: false) {
        isComplete = isComplete && poll()
        return isComplete
      }
      guard isComplete else { return false }
      for (pool, sums) in pools {
        if let next = program.segmentAtPool[pool] { waiting.append((next, sums)) }
      }
    }
    return true
  }

  /// Runs one segment.
  ///
  /// - Parameters:
  ///   - source: the sums of the pool before the segment; nil for the images.
  ///   - isSelf: whether both images are the same. The readouts, which are already known, are then
  ///     left out.
  /// - Returns: the sums of each pool after the segment.
  func run(
    segment: Int, _ x: Image, _ y: Image, source: PoolSums?, isSelf: Bool, poll: () -> Bool
  ) -> [(pool: Int, sums: PoolSums)] {
    let members = program.segments[segment]
    var pools: [(pool: Int, sums: PoolSums)] = []
    for node in members.pools {
      guard case .pool(let pool) = program.nodes[node].step else { continue }
      let isByOffset = offsetAccumulators[node]?.isByOffset ?? false
      pools.append((node, PoolSums(pool, isByOffset: isByOffset, poolMemory)))
    }
    // Half of the families would do for an image with itself. But two equal images must give the
    // same sums in the same order: the rest of a difference would pass for a gap behind the pool.
    for family in members.families {
      var traversal = Traversal(
        segment: segment, members: members, family: family, x: x, y: y, isSelf: isSelf,
        sums: pools.map(\.sums))
      if let chain = offsetChains[segment] {
        pass(traversal, through: chain, source)
        guard poll() else { return [] }
        continue
      }
      let layout = geometry.layouts[segment][members.sourceSpace]
      repeat {
        let field = take(segment)
        fill(field, traversal, source)
        if let source = members.source {
          accumulate(
            readouts: program.nodes[source].readouts, field, traversal, space: members.sourceSpace)
        }
        descend(firstSuccessors[segment], field, [], traversal, space: members.sourceSpace)
        traversal.offset += layout.offsetsPerRange
      } while layout.isByOffset && traversal.offset * layout.offsetStep < layout.shape.width
      guard poll() else { return [] }
    }
    return pools
  }

  /// One family on its way through a segment.
  struct Traversal {
    let segment: Int
    let members: PixelSegment
    let family: RowFamily
    let x: Image
    let y: Image
    let isSelf: Bool
    /// The sums of each of the segment's pools.
    let sums: [PoolSums]
    /// By offsets: the number of needed offsets before the current ones.
    var offset = 0
  }

  /// Memory for a family's state.
  func take(_ segment: Int) -> PixelField<L> {
    if let field = spare.popLast() { return field.shaped(fieldShapes[segment]) }
    let storage = AlignedStorage<Scalar>(count: geometry.fieldCount)
    fields.append(storage)
    return PixelField<L>(at: storage.base).shaped(fieldShapes[segment])
  }

  /// Returns a state's memory for reuse.
  func giveBack(_ field: PixelField<L>) { spare.append(field) }

  private func copy(_ field: PixelField<L>, _ traversal: Traversal, rows: Int) -> PixelField<L> {
    let copy = take(traversal.segment)
    for k in 0..<rows { copy.at(k).update(from: field.at(k), count: field.slabSize) }
    return copy
  }

  /// Takes `field` through the steps that follow, and then gives its memory back.
  private func descend(
    _ behind: Successors, _ field: PixelField<L>, _ kept: [PixelField<L>], _ traversal: Traversal,
    space: Int
  ) {
    var (behind, field, kept, space) = (behind, field, kept, space)
    while true {
      for (node, pool) in behind.pools { accumulate(pool, node, field, traversal, space: space) }
      guard let last = behind.steps.last else { break }
      for child in behind.steps.dropLast() {
        var branch = copy(field, traversal, rows: traversal.family.rows[space].count)
        // Copy the full capacity: the space of a kept state is not known here.
        var saved = kept.map { copy($0, traversal, rows: field.capacity) }
        advance(child, &branch, &saved, traversal)
        descend(
          successors[child], branch, saved, traversal, space: traversal.members.outputSpace(child))
      }
      advance(last, &field, &kept, traversal)
      space = plans[last]?.outputSpace ?? space
      behind = successors[last]
    }
    giveBack(field)
    kept.forEach(giveBack)
  }

  private func advance(
    _ node: Int, _ field: inout PixelField<L>, _ kept: inout [PixelField<L>], _ traversal: Traversal
  ) {
    switch program.nodes[node].step {
    case .convolution(let convolution, let update):
      field = convolve(node, convolution, update, field, traversal)
    case .update(let update):
      sweep(node, update, field, traversal)
    case .pool: break
    case .fork:
      kept.append(
        copy(
          field, traversal, rows: traversal.family.rows[traversal.members.inputSpace(node)].count))
    case .exchange:
      let saved = kept.removeLast()
      kept.append(field)
      field = saved
    case .join:
      let saved = kept.removeLast()
      let layout = geometry.outputLayout(node)
      for k in traversal.family.rows[traversal.members.outputSpace(node)].indices {
        let (sum, term) = (field.at(k), saved.at(k))
        for index in stride(from: 0, to: layout.slabSize, by: L.count) {
          (L(at: sum + index) + L(at: term + index)).store(to: sum + index)
        }
      }
      giveBack(saved)
    }
    if let plan = plans[node] {
      accumulate(readouts: program.nodes[node].readouts, field, traversal, space: plan.outputSpace)
    }
  }
}
