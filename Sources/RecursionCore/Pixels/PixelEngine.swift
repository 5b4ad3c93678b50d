/// Takes pairs of images through a pixel program: family by family, every family through all steps
/// of a segment while it stays in the cache, its results added to what pools and readouts gather.
///
/// Memory: see `PixelProgram.engineBytes`. The state of one offset of 32 x 32 pixels takes 0.5 MB in
/// double precision, and every pool two doubles per pair of pixels behind it.
final class PixelEngine<L: CoreLanes> {
  typealias Scalar = L.Scalar

  /// `.pixels`: one image's part of a table; `.images`: the table from an image on.
  struct Image {
    let base: UnsafePointer<Scalar>
    var pools: [Int: PooledImage] = [:]
  }

  let program: PixelProgram
  let geometry: PixelGeometry
  /// Sums over the pixels at each readout: [readout][pair of a block], of g and of h.
  var readoutGaps: [[Double]]
  var readoutTangentGaps: [[Double]]

  /// From those sums to means.
  private let readoutScales: [Double]
  /// Memory of the tables that were made for this engine.
  let tables = StoragePool<Scalar>()
  /// Vertical sums of a pair of rows.
  let sums: AlignedStorage<Scalar>
  private var spare: [PixelField<L>] = []
  private let capacity: Int
  private let slab: Int
  private let edges: EdgeSums<L>
  /// By node; nil for pools.
  private let plans: [PixelNodePlan?]
  /// By the pool's node.
  let gathers: [PoolGather<L>?]

  init(_ program: PixelProgram) {
    self.program = program
    geometry = PixelGeometry(program, registerCount: L.rowCount)
    sums = AlignedStorage(
      // Vectors at the ends of the last rows read a little beyond.
      count: geometry.walks.values.map { $0.count + 4 * $0.row + L.count }.max() ?? 1)
    (capacity, slab) = geometry.fieldSize
    let pairs = program.arrangement == .images ? 4 * L.rowCount : 1
    readoutGaps = [[Double]](
      repeating: [Double](repeating: 0, count: pairs), count: program.readoutCount)
    readoutTangentGaps = readoutGaps
    readoutScales = program.readoutPixels.map { 1 / Double($0) }
    edges = EdgeSums(geometry)
    let geometry = geometry
    var plans = [PixelNodePlan?](repeating: nil, count: program.nodes.count)
    var gathers = [PoolGather<L>?](repeating: nil, count: program.nodes.count)
    for (index, segment) in program.segments.enumerated() {
      for node in segment.members { plans[node] = PixelNodePlan(geometry, node) }
      for node in segment.pools {
        guard case .pool(let pool) = program.nodes[node].step else { continue }
        gathers[node] = PoolGather(pool, geometry.layouts[index][segment.inputSpace(node)])
      }
    }
    (self.plans, self.gathers) = (plans, gathers)
  }

  /// What a node's slabs look like; nil for pools.
  func plan(_ node: Int) -> PixelNodePlan? { plans[node] }

  /// The mean over a readout's pixels of g, and of h, for one pair of a block.
  func meanGap(_ readout: Int, _ pair: Int) -> Double {
    readoutGaps[readout][pair] * readoutScales[readout]
  }
  func meanTangentGap(_ readout: Int, _ pair: Int) -> Double {
    readoutTangentGaps[readout][pair] * readoutScales[readout]
  }

  /// Sets the readouts' sums to 0: a new pair, or block of pairs, of images begins.
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
  /// - Returns: whether `poll` has let it come to the end.
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
  ///   - source: what the pool before it gathered; nil for the images.
  ///   - isSelf: whether both images are the same: half of the families do, and readouts, which
  ///     are known, are left out.
  /// - Returns: what each pool behind it gathered.
  func run(
    segment: Int, _ x: Image, _ y: Image, source: PoolSums?, isSelf: Bool, poll: () -> Bool
  ) -> [(pool: Int, sums: PoolSums)] {
    let members = program.segments[segment]
    var pools: [(pool: Int, sums: PoolSums)] = []
    var halves: [PoolSums] = []
    for node in members.pools {
      guard case .pool(let pool) = program.nodes[node].step else { continue }
      pools.append((node, PoolSums(pool)))
      halves.append(isSelf ? PoolSums(pool) : pools[pools.count - 1].sums)
    }
    let roots = members.source.map { program.nodes[$0].children } ?? program.roots
    for (index, family) in members.families.enumerated() {
      if isSelf && family.mirror < index { continue }
      let isHalf = isSelf && family.mirror != index
      let run = Run(
        segment: segment, members: members, family: family, x: x, y: y, isSelf: isSelf,
        sums: isHalf ? halves : pools.map(\.sums))
      let field = take()
      fill(field, run, source)
      if let source = members.source {
        gather(readouts: program.nodes[source].readouts, field, run, space: members.sourceSpace)
      }
      descend(roots, field, [], run, space: members.sourceSpace)
      guard poll() else { return [] }
    }
    if isSelf { for (pool, half) in zip(pools, halves) { pool.sums.addSymmetrically(half) } }
    return pools
  }

  /// One family on its way through a segment.
  struct Run {
    let segment: Int
    let members: PixelSegment
    let family: RowFamily
    let x: Image
    let y: Image
    let isSelf: Bool
    /// One for each of the segment's pools.
    let sums: [PoolSums]
  }

  private func take() -> PixelField<L> {
    var field = spare.popLast() ?? PixelField<L>(capacity: capacity, slab: slab)
    field.start = 0
    return field
  }

  private func copy(_ field: PixelField<L>, rows: Int) -> PixelField<L> {
    let copy = take()
    for k in 0..<rows { copy.at(k).update(from: field.at(k), count: slab) }
    return copy
  }

  /// Takes `field` through the steps behind it, and gives its memory back.
  private func descend(
    _ children: [Int], _ field: PixelField<L>, _ kept: [PixelField<L>], _ run: Run, space: Int
  ) {
    var (children, field, kept, space) = (children, field, kept, space)
    while true {
      var steps: [Int] = []
      for child in children {
        if case .pool(let pool) = program.nodes[child].step {
          gather(pool, child, field, run, space: space)
        } else {
          steps.append(child)
        }
      }
      guard let last = steps.last else { break }
      for child in steps.dropLast() {
        var branch = copy(field, rows: run.family.rows[space].count)
        var saved = kept.map { copy($0, rows: capacity - 1) }
        for index in saved.indices { saved[index].start = 0 }
        advance(child, &branch, &saved, run)
        descend(
          program.nodes[child].children, branch, saved, run,
          space: run.members.outputSpace(child))
      }
      advance(last, &field, &kept, run)
      children = program.nodes[last].children
      space = run.members.outputSpace(last)
    }
    spare.append(field)
    spare.append(contentsOf: kept)
  }

  private func advance(
    _ node: Int, _ field: inout PixelField<L>, _ kept: inout [PixelField<L>], _ run: Run
  ) {
    switch program.nodes[node].step {
    case .convolution(let convolution, let update):
      field = convolve(node, convolution, update, field, run)
    case .update(let update):
      sweep(node, update, field, run)
    case .pool: break
    case .fork: kept.append(copy(field, rows: run.family.rows[run.members.inputSpace(node)].count))
    case .exchange:
      let saved = kept.removeLast()
      kept.append(field)
      field = saved
    case .join:
      let saved = kept.removeLast()
      let layout = geometry.outputLayout(node)
      for k in run.family.rows[run.members.outputSpace(node)].indices {
        let (sum, term) = (field.at(k), saved.at(k))
        for index in stride(from: 0, to: layout.slab, by: L.count) {
          (L(at: sum + index) + L(at: term + index)).store(to: sum + index)
        }
      }
      spare.append(saved)
    }
    gather(
      readouts: program.nodes[node].readouts, field, run, space: run.members.outputSpace(node))
  }

  // MARK: Steps

  private func convolve(
    _ node: Int, _ convolution: ConvolutionStep, _ update: any PixelUpdate,
    _ field: PixelField<L>, _ run: Run
  ) -> PixelField<L> {
    guard let links = run.family.convolutions[node], let plan = plans[node], let walk = plan.walk
    else { return field }
    let result = field.following(by: links.delay)
    let pass = pass(plan, field)
    pass.weight = convolution.tapWeight
    pass.trained = convolution.affine.trained
    let isPixels = program.arrangement == .pixels
    let isIsolated = convolution.isLocal && isPixels
    let padding = convolution.horizontal.padding
    run.family.rows[plan.outputSpace].withUnsafeBufferPointer { pairs in
      for k in 0..<links.count {
        let state = result.at(k)
        let line = plan.input.cellCount * plan.input.columns
        let inside = EdgeSums<L>.Inside(
          rows: run.x.base + plan.windowSums + pairs[k].row * line,
          columns: run.y.base + plan.windowSums + pairs[k].column * line,
          plane: plan.windowSumCount)
        let both = links.list(k, .both)
        if plan.isFused && both.count == 3 {
          pass.slabs = fuse(plan, walk, both, field, inside)
        } else {
          pass.slabs = nil
          addRows(both, field, plan.input, walk)
          if isPixels {
            edges.complete(
              sums.base, links, k, padding, walk, plan.input, x: run.x.base + plan.maps,
              y: run.y.base + plan.maps, inside: inside)
          }
          if walk.runs.isEmpty {
            edges.gather(
              sums.base, convolution.horizontal, walk, plan.input, to: state, plan.output,
              inside: inside)
          }
        }
        // Behind a local convolution the update is another node's: here it changes nothing.
        sweep(pass, update, plan, isConvolution: true, state, pairs[k], run)
        if isIsolated { isolate(node, state, plan.output, pairs[k], run) }
      }
    }
    return result
  }

  /// Leaves the sums of a pair of rows to the pass that reads them, but for what that expects.
  private func fuse(
    _ plan: PixelNodePlan, _ walk: HorizontalWalk, _ both: UnsafeBufferPointer<Int>,
    _ field: PixelField<L>, _ inside: EdgeSums<L>.Inside
  ) -> PixelPass<L>.Slabs {
    let width = plan.input.shape.width
    let slabs = PixelPass<L>.Slabs(
      first: UnsafePointer(field.at(both[0])), second: UnsafePointer(field.at(both[1])),
      third: UnsafePointer(field.at(both[2])), target: sums.base + walk.origin,
      margins: inside.rows, marginPlane: inside.plane, width: width)
    switch program.arrangement {
    case .pixels:
      edges.fillMarginRows(
        sums.base, walk, width: width, inside: inside.columns, plane: inside.plane)
    case .images:
      for place in stride(from: 0, to: 4 * L.count, by: L.count) {
        slabs.sum(place, row: L.rowCount).store(to: sums.base + place)
      }
    }
    return slabs
  }

  /// A pass over the cells of a node's result, without what depends on the pair of rows.
  private func pass(_ plan: PixelNodePlan, _ field: PixelField<L>) -> PixelPass<L> {
    PixelPass<L>(
      state: field.at(0),
      stateWalk: .init(outer: 0, row: plan.output.columns, plane: plan.output.plane),
      sums: UnsafePointer(sums.base),
      sumsWalk: .init(outer: 0, row: plan.walk?.row ?? 0, plane: plan.walk?.plane ?? 0))
  }

  /// Runs an update over the cells of one pair of rows.
  @inline(__always)
  private func sweep(
    _ pass: PixelPass<L>, _ update: any PixelUpdate, _ plan: PixelNodePlan,
    isConvolution: Bool, _ state: UnsafeMutablePointer<Scalar>, _ pair: RowFamily.RowPair,
    _ run: Run
  ) {
    let layout = plan.output
    let isImages = program.arrangement == .images
    /// Sets where the values of a cell begin.
    @inline(__always)
    func aim(cell: Int) {
      if isImages {
        let place = plan.values + (pair.row * layout.shape.width + cell) * plan.valueCount
        pass.rows = StepValues(base: run.x.base + place * L.groupCount, stride: L.groupCount)
        pass.columns = StepValues(base: run.y.base + place * L.groupCount, stride: L.groupCount)
        pass.rowStep = plan.valueCount * L.groupCount
        pass.columnStep = pass.rowStep
      } else {
        let stride = layout.valuesPerImage
        let row = plan.values + (pair.row * layout.cellCount + cell) * layout.columns
        let column = plan.values + (pair.column * layout.cellCount + cell) * layout.columns
        pass.rows = StepValues(base: run.x.base + row, stride: stride)
        pass.columns = StepValues(base: run.y.base + column, stride: stride)
        (pass.rowStep, pass.columnStep) = (4, 0)
      }
    }
    if isConvolution, let walk = plan.walk, !walk.runs.isEmpty {
      walk.runs.withUnsafeBufferPointer { runs in
        for index in runs.indices {
          let cell = runs[index].cell
          aim(cell: cell)
          pass.state = state + cell * layout.cell
          pass.sums = UnsafePointer(sums.base) + runs[index].start
          (pass.outer, pass.inner) = (runs[index].outer, runs[index].inner)
          pass.stateWalk.outer = runs[index].stateStep
          pass.sumsWalk.outer = runs[index].sumsStep
          runs[index].taps.withUnsafeBufferPointer {
            pass.taps = $0
            L.sweep(update, pass)
          }
        }
      }
      return
    }
    pass.taps = UnsafeBufferPointer(start: nil, count: 0)
    for cell in 0..<(isImages ? 1 : layout.cellCount) {
      aim(cell: cell)
      pass.state = state + cell * layout.cell
      pass.outer = isImages ? layout.cellCount : layout.rows / 4
      pass.inner = isImages ? 1 : layout.columns / L.rowCount
      pass.stateWalk.outer = isImages ? layout.cell : 4 * layout.columns
      L.sweep(update, pass)
    }
  }

  private func sweep(_ node: Int, _ update: any PixelUpdate, _ field: PixelField<L>, _ run: Run) {
    guard let plan = plans[node] else { return }
    let pass = pass(plan, field)
    for (k, pair) in run.family.rows[plan.outputSpace].enumerated() {
      sweep(pass, update, plan, isConvolution: false, field.at(k), pair, run)
    }
  }

  /// Behind a locally connected layer only a pixel and itself have a covariance.
  private func isolate(
    _ node: Int, _ state: UnsafeMutablePointer<Scalar>, _ layout: CellLayout,
    _ pair: RowFamily.RowPair, _ run: Run
  ) {
    guard let plan = plans[node] else { return }
    let behind = plan.windowSums + 2 * plan.windowSumCount
    let maps = geometry.needsInputMaps(node) ? behind : plan.maps
    for cell in 0..<layout.cellCount {
      for plane in 0..<2 {
        let first = maps + plane * layout.valuesPerImage
        let rows = run.x.base + first + (pair.row * layout.cellCount + cell) * layout.columns
        let columns = run.y.base + first + (pair.column * layout.cellCount + cell) * layout.columns
        let matrix = state + cell * layout.cell + plane * layout.plane
        for i in 0..<layout.count(ofClass: cell) {
          for j in 0..<layout.count(ofClass: cell) where pair.row != pair.column || i != j {
            matrix[i * layout.columns + j] = rows[i] + columns[j]
          }
        }
      }
    }
  }
}
