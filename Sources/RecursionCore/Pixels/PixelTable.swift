/// What a pixel program needs of the images at one edge of a tile, computed once per image.
final class PixelTable<L: CoreLanes>: @unchecked Sendable {
  /// The images.
  let count: Int
  /// K and Theta at each image behind each readout: [readout][image].
  private(set) var readouts: [[ImageState]]
  /// What pools keep of each image: [image][node of the pool].
  private(set) var pools: [[Int: PooledImage]] = []

  let geometry: PixelGeometry
  private let storage: AlignedStorage<L.Scalar>
  private let imageCount: Int
  private var failure: RangeError?

  private var program: PixelProgram { geometry.program }

  /// The table of `images`; `engine` runs each image with itself where pools need that.
  ///
  /// - Throws: `RangeError` where a variance leaves the range of the lanes.
  init(_ images: PixelImages, _ engine: PixelEngine<L>) throws(RangeError) {
    geometry = engine.geometry
    count = images.count
    let program = geometry.program
    readouts = [[ImageState]](
      repeating: [ImageState](repeating: ImageState(variance: 0), count: images.count),
      count: program.readoutCount)
    let line = AlignedStorage<L.Scalar>.lineCount
    let width = L.groupCount
    let padded = (images.count + width - 1) / width * width
    imageCount = (geometry.tableCount + line - 1) / line * line + line
    switch program.arrangement {
    case .images:
      storage = AlignedStorage(count: geometry.tableCount * padded)
      for first in stride(from: 0, to: count, by: Float64Lanes.count) {
        build(images, first..<min(first + Float64Lanes.count, count))
      }
    case .pixels:
      storage = AlignedStorage(count: imageCount * max(count, 1))
      for image in 0..<count { build(images, image, engine) }
    }
    if let failure { throw failure }
  }

  /// `.pixels`: an image's numbers.
  func image(_ index: Int) -> UnsafeMutablePointer<L.Scalar> { storage.base + index * imageCount }
  /// `.images`: the numbers from an image on, a register's images side by side and everything of
  /// them before the next ones'.
  func images(from index: Int) -> UnsafeMutablePointer<L.Scalar> {
    let group = index / L.groupCount
    return storage.base + group * geometry.tableCount * L.groupCount + index % L.groupCount
  }

  // MARK: Building

  private func build(_ batch: PixelImages, _ range: Range<Int>) {
    let map = PixelVariances(shape: program.shape)
    for (lane, image) in range.enumerated() {
      for pixel in 0..<program.shape.count {
        let channels = batch.pixel(image, pixel)
        for channel in 0..<program.channels {
          images(from: image)[(pixel * program.channels + channel) * L.groupCount] =
            L.Scalar(channels[channel])
        }
        map.set(pixel, image: lane, ImageState(variance: batch.variance(image, pixel)))
      }
    }
    walk(program.roots, map, []) { node, map in
      for readout in program.nodes[node].readouts {
        for (lane, image) in range.enumerated() {
          readouts[readout][image] = map.mean(image: lane)
        }
      }
    } write: { node, pixel, index, value in
      let valueCount = geometry.valueCount(node)
      let place = geometry.valueOffsets[node] + pixel * valueCount + index
      for lane in stride(from: 0, to: range.count, by: L.groupCount) {
        let numbers = images(from: range.lowerBound + lane) + place * L.groupCount
        value.store(
          lanes: lane..<min(lane + L.groupCount, range.count), to: numbers, as: L.self)
      }
    } maps: { _, _, _ in
    }
  }

  private func build(_ images: PixelImages, _ image: Int, _ engine: PixelEngine<L>) {
    pools.append([:])
    let layout = geometry.layouts[0][geometry.sourceSpace(0)]
    let map = PixelVariances(shape: program.shape)
    for pixel in 0..<program.shape.count {
      let place = layout.place(pixel / program.shape.width, pixel % program.shape.width)
      let channels = images.pixel(image, pixel)
      for channel in 0..<program.channels {
        self.image(image)[channel * layout.valuesPerImage + place] = L.Scalar(channels[channel])
      }
      map.set(pixel, image: 0, ImageState(variance: images.variance(image, pixel)))
    }
    build(segment: 0, map, image, engine, sums: nil)
  }

  /// `.pixels`: one image's numbers in a segment and those behind it.
  private func build(
    segment: Int, _ map: PixelVariances, _ image: Int, _ engine: PixelEngine<L>, sums: PoolSums?
  ) {
    let members = program.segments[segment]
    let base = self.image(image)
    var mapsAtPools: [Int: PixelVariances] = [:]
    func note(_ children: [Int], _ map: PixelVariances) {
      for child in children {
        if case .pool = program.nodes[child].step { mapsAtPools[child] = map.copy() }
      }
    }
    func take(_ node: Int, _ map: PixelVariances) {
      for readout in program.nodes[node].readouts { readouts[readout][image] = map.mean(image: 0) }
    }
    let roots = members.source.map { program.nodes[$0].children } ?? program.roots
    if let source = members.source { take(source, map) }
    note(roots, map)
    walk(roots, map, []) { node, map in
      take(node, map)
      note(program.nodes[node].children, map)
    } write: { node, pixel, index, value in
      let layout = geometry.outputLayout(node)
      let place = layout.place(pixel / layout.shape.width, pixel % layout.shape.width)
      base[geometry.valueOffsets[node] + index * layout.valuesPerImage + place] =
        L.Scalar(value.first)
    } maps: { node, isInput, map in
      store(map, node, isInput: isInput, to: base)
    }
    guard !members.pools.isEmpty else { return }
    let view = PixelEngine<L>.Image(base: base, pools: pools[image])
    let pooled = engine.run(segment: segment, view, view, source: sums, isSelf: true) { true }
    for (pool, sums) in pooled {
      guard case .pool(let step) = program.nodes[pool].step, let map = mapsAtPools[pool] else {
        continue
      }
      let record = PooledImage(step, map, sums)
      pools[image][pool] = record
      if let next = program.segmentAtPool[pool] {
        build(segment: next, record.variances(step), image, engine, sums: sums)
      }
    }
  }

  /// Keeps K and Theta before or behind a convolution, and before it their sums down its windows.
  private func store(
    _ map: PixelVariances, _ node: Int, isInput: Bool, to base: UnsafeMutablePointer<L.Scalar>
  ) {
    guard case .convolution(let step, _) = program.nodes[node].step else { return }
    let plan = PixelNodePlan(geometry, node)
    let layout = isInput ? plan.input : plan.output
    let behind = plan.windowSums + 2 * plan.windowSumCount
    let first = isInput || !geometry.needsInputMaps(node) ? plan.maps : behind
    let width = layout.shape.width
    let line = layout.cellCount * layout.columns
    func set(_ place: Int, _ plane: Int, _ state: ImageState) {
      base[place] = L.Scalar(state.variance)
      base[place + plane] = L.Scalar(state.tangent)
    }
    for pixel in 0..<map.shape.count {
      let place = layout.place(pixel / width, pixel % width)
      set(first + place, layout.valuesPerImage, map.state(pixel, image: 0))
    }
    guard isInput else { return }
    for y in 0..<step.vertical.output {
      let rows = step.vertical.places(y)
      for x in 0..<width {
        var sum = ImageState(variance: 0)
        for row in rows {
          let state = map.state(row * width + x, image: 0)
          sum.variance += state.variance
          sum.tangent += state.tangent
        }
        set(plan.windowSums + y * line + layout.place(0, x), plan.windowSumCount, sum)
      }
    }
  }

  /// Takes a map through the steps behind it until pools end them.
  private func walk(
    _ children: [Int], _ map: PixelVariances, _ kept: [PixelVariances],
    _ result: (_ node: Int, PixelVariances) -> Void,
    write: (_ node: Int, _ pixel: Int, _ index: Int, _ value: Float64Lanes) -> Void,
    maps: (_ node: Int, _ isInput: Bool, PixelVariances) -> Void
  ) {
    var (children, map, kept) = (children, map, kept)
    while true {
      let steps = children.filter {
        if case .pool = program.nodes[$0].step { return false }
        return true
      }
      guard let last = steps.last else { return }
      for child in steps.dropLast() {
        let (copy, saved) = (map.copy(), kept.map { $0.copy() })
        var branch = saved
        advance(child, copy, &branch, write: write, maps: maps)
        result(child, copy)
        walk(program.nodes[child].children, copy, branch, result, write: write, maps: maps)
      }
      advance(last, map, &kept, write: write, maps: maps)
      result(last, map)
      children = program.nodes[last].children
    }
  }

  private func advance(
    _ node: Int, _ map: PixelVariances, _ kept: inout [PixelVariances],
    write: (_ node: Int, _ pixel: Int, _ index: Int, _ value: Float64Lanes) -> Void,
    maps: (_ node: Int, _ isInput: Bool, PixelVariances) -> Void
  ) {
    switch program.nodes[node].step {
    case .convolution(let convolution, let update):
      if geometry.needsInputMaps(node) { maps(node, true, map) }
      map.convolve(convolution)
      if geometry.needsOutputMaps(node) { maps(node, false, map) }
      check(map, node)
      update.advance(map) { write(node, $0, $1, $2) }
    case .update(let update):
      update.advance(map) { write(node, $0, $1, $2) }
    case .pool: break
    case .fork: kept.append(map.copy())
    case .exchange:
      let saved = map.copy()
      map.replace(by: kept.removeLast())
      kept.append(saved)
    case .join: map.add(kept.removeLast())
    }
    check(map, node)
  }

  private func check(_ map: PixelVariances, _ node: Int) {
    guard failure == nil else { return }
    let (largest, zero) = (L.largestVariance, Float64Lanes(0))
    var extreme = zero
    for pixel in 0..<map.shape.count {
      extreme = Float64Lanes.max(extreme, Float64Lanes.max(map.variance(pixel), map.tangent(pixel)))
    }
    for value in extreme.numbers where !(value <= largest) {
      failure = RangeError(value: value, step: node + 1, lanes: "\(L.Scalar.self)")
    }
  }
}

extension Float64Lanes {
  /// The first lane.
  var first: Double { value[0] }

  /// Writes some lanes, rounded to other lanes' scalars.
  @inline(__always)
  func store<L: Lanes>(
    lanes: Range<Int>, to pointer: UnsafeMutablePointer<L.Scalar>, as type: L.Type
  ) {
    for lane in lanes { pointer[lane - lanes.lowerBound] = L.Scalar(value[lane]) }
  }
}
