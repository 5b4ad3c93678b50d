/// The values that a pixel program needs of the images at a tile's edge, computed once per image.
final class PixelTable<L: CoreLanes>: @unchecked Sendable {
  /// The number of images.
  let count: Int
  /// K and Theta of each image at each readout: [readout][image].
  private(set) var readouts: [[ImageState]]
  /// The values that pools keep of each image: [image][node of the pool].
  private(set) var pools: [[Int: PooledImage]] = []

  let geometry: PixelGeometry
  private let pool: StoragePool<L.Scalar>
  private let storage: AlignedStorage<L.Scalar>
  private let imageCount: Int
  var watch = RangeWatch(L.precision)
  /// The number of images whose tables are being built.
  var batchCount = 0

  var program: PixelProgram { geometry.program }

  /// Builds the table of `images`. `engine` runs each image with itself if pools need that. Returns
  /// nil if `poll` stops the computation.
  ///
  /// - Throws: `RangeError` if a variance leaves the range of the lanes.
  init?(
    _ images: PixelImages, _ engine: PixelEngine<L>, _ poll: () -> Bool
  ) throws(RangeError) {
    geometry = engine.geometry
    pool = engine.tables
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
      storage = pool.take(geometry.tableCount * padded)
      // Places after the last image are read too, so they must hold numbers.
      if count < padded {
        let last = (padded - width) * geometry.tableCount
        (storage.base + last).initialize(repeating: 0, count: width * geometry.tableCount)
      }
      let batch = PixelVariances.imageCount
      for first in stride(from: 0, to: count, by: batch) {
        build(images, first..<min(first + batch, count))
        guard poll() else { return nil }
      }
    case .pixels:
      storage = pool.take(imageCount * max(count, 1))
      storage.base.initialize(repeating: 0, count: imageCount * count)
      let batch = program.tableBatch
      for first in stride(from: 0, to: count, by: batch) {
        build(images, first..<min(first + batch, count), engine, poll)
        guard poll() else { return nil }
      }
    }
    if let failure = watch.failure { throw failure }
  }

  deinit { pool.give(storage) }

  /// `.pixels`: the numbers of one image.
  func image(_ index: Int) -> UnsafeMutablePointer<L.Scalar> { storage.base + index * imageCount }
  /// `.images`: the numbers from image `index` on. The images of a register lie side by side, and
  /// all their numbers come before those of the next register.
  func images(from index: Int) -> UnsafeMutablePointer<L.Scalar> {
    let group = index / L.groupCount
    return storage.base + group * geometry.tableCount * L.groupCount + index % L.groupCount
  }

  // MARK: Building

  /// `.images`: builds the tables of images whose numbers lie side by side.
  private func build(_ batch: PixelImages, _ range: Range<Int>) {
    let map = PixelVariances(shape: program.shape)
    let base = images(from: range.lowerBound)
    for (lane, image) in range.enumerated() {
      let (source, target) = (batch.pixel(image, 0), base + lane)
      for index in 0..<program.shape.count * program.channels {
        target[index * L.groupCount] = L.Scalar(source[index])
      }
      set(map, lane, batch, image)
    }
    batchCount = range.count
    check(map, 0)
    walk(program.roots, map, []) { node, map in
      for readout in program.nodes[node].readouts { note(readout, map, range) }
    } writer: { node in
      let (first, count) = (geometry.valueOffsets[node], geometry.valueCount(node))
      let width = program.nodes[node].shape.width
      return { row, values, line in
        let target = base + (first + row * width * count) * L.groupCount
        Self.write(values, line, to: target, valueCount: count, width: width)
      }
    } maps: { _, _, _ in
    }
  }

  /// Sets K0 at every pixel of an image.
  private func set(_ map: PixelVariances, _ lane: Int, _ images: PixelImages, _ image: Int) {
    let width = program.shape.width
    for y in 0..<program.shape.height {
      for x in 0..<width {
        let variance = images.variance(image, y * width + x)
        map.set(y, x, image: lane, ImageState(variance: variance))
      }
    }
  }

  /// `.images`: writes the values of a row of pixels, one pixel after another.
  private static func write(
    _ values: UnsafePointer<Double>, _ line: Int, to target: UnsafeMutablePointer<L.Scalar>,
    valueCount: Int, width: Int
  ) {
    let step = valueCount * L.groupCount
    let images = PixelVariances.imageCount
    for pixel in stride(from: 0, to: width, by: 4) {
      for index in 0..<valueCount {
        let source = values + index * line + pixel * images
        let place = target + pixel * step + index * L.groupCount
        if pixel + 4 <= width {
          let numbers = Float64Lanes.min(Float64Lanes(at: source), Float64Lanes(L.largestValue))
          L.convertRows(numbers, to: place, stride: step)
        } else {
          for (i, x) in (pixel..<width).enumerated() {
            for image in 0..<images {
              target[x * step + index * L.groupCount + image] =
                L.Scalar(min(source[i * images + image], L.largestValue))
            }
          }
        }
      }
    }
  }

  /// `.pixels`: builds the tables of a few images together; each image has its own numbers.
  private func build(
    _ images: PixelImages, _ range: Range<Int>, _ engine: PixelEngine<L>, _ poll: () -> Bool
  ) {
    let layout = geometry.layouts[0][geometry.sourceSpace(0)]
    let places = layout.places
    let map = PixelVariances(shape: program.shape)
    for (lane, image) in range.enumerated() {
      pools.append([:])
      let base = self.image(image)
      for pixel in 0..<program.shape.count {
        let channels = images.pixel(image, pixel)
        for channel in 0..<program.channels {
          base[channel * layout.valuesPerImage + places[pixel]] = L.Scalar(channels[channel])
        }
      }
      set(map, lane, images, image)
    }
    build(segment: 0, map, range, engine, sums: range.map { _ in nil }, poll)
  }

  /// `.pixels`: builds the numbers of some images in a segment and in the segments after it.
  private func build(
    segment: Int, _ map: PixelVariances, _ range: Range<Int>, _ engine: PixelEngine<L>,
    sums: [PoolSums?], _ poll: () -> Bool
  ) {
    let members = program.segments[segment]
    let bases = range.map { self.image($0) }
    var mapsAtPools: [Int: PixelVariances] = [:]
    func keep(_ children: [Int], _ map: PixelVariances) {
      for child in children {
        if case .pool = program.nodes[child].step { mapsAtPools[child] = map.copy() }
      }
    }
    func take(_ node: Int, _ map: PixelVariances) {
      for readout in program.nodes[node].readouts { note(readout, map, range) }
    }
    let roots = members.source.map { program.nodes[$0].children } ?? program.roots
    if let source = members.source { take(source, map) }
    keep(roots, map)
    batchCount = range.count
    check(map, members.source ?? 0)
    walk(roots, map, []) { node, map in
      take(node, map)
      keep(program.nodes[node].children, map)
    } writer: { node in
      guard let plan = engine.plans[node] else { return { _, _, _ in } }
      let (size, width) = (plan.output.valuesPerImage, plan.output.shape.width)
      return { row, values, line in
        for index in 0..<plan.valueCount {
          Self.scatter(
            values + index * line, to: bases, from: plan.values + index * size,
            plan.outputPlaces[row * width..<(row + 1) * width])
        }
      }
    } maps: { node, isInput, map in
      store(map, node, isInput: isInput, to: bases, engine)
    }
    if members.isByOffset { bases.forEach { repeatRows($0, segment) } }
    if !members.pools.isEmpty {
      buildBehindPools(of: segment, mapsAtPools, range, engine, sums, poll)
    }
  }

  /// `.pixels`: builds the pools of a segment for some images, and the segments after them.
  private func buildBehindPools(
    of segment: Int, _ mapsAtPools: [Int: PixelVariances], _ range: Range<Int>,
    _ engine: PixelEngine<L>, _ sums: [PoolSums?], _ poll: () -> Bool
  ) {
    var behind: [Int: (map: PixelVariances, sums: [PoolSums?])] = [:]
    for (lane, image) in range.enumerated() {
      let view = PixelEngine<L>.Image(base: self.image(image), pools: pools[image])
      let pooled = engine.run(
        segment: segment, view, view, source: sums[lane], isSelf: true, poll: poll)
      for (pool, sums) in pooled {
        guard case .pool(let step) = program.nodes[pool].step, let map = mapsAtPools[pool] else {
          continue
        }
        let record = PooledImage(step, map, image: lane, sums)
        pools[image][pool] = record
        var next = behind[pool, default: (PixelVariances(shape: step.output), [])]
        record.write(to: next.map, image: lane)
        next.sums.append(sums)
        behind[pool] = next
      }
    }
    for pool in program.segments[segment].pools {
      if let next = program.segmentAtPool[pool], let (map, sums) = behind[pool] {
        build(segment: next, map, range, engine, sums: sums, poll)
      }
    }
  }

  /// By offsets: appends a copy of itself to every row of a segment's pixels. The last place of the
  /// copy is left out and stays 0.
  private func repeatRows(_ image: UnsafeMutablePointer<L.Scalar>, _ segment: Int) {
    func repeatRows(_ first: Int, _ count: Int, _ line: Int) {
      for row in stride(from: first, to: first + count, by: line) {
        (image + row + line / 2).update(from: image + row, count: line / 2 - 1)
      }
    }
    if segment == 0 {
      repeatRows(0, geometry.inputCount, geometry.layouts[0][geometry.sourceSpace(0)].line)
    }
    for node in program.segments[segment].members {
      let (input, output) = (geometry.inputLayout(node), geometry.outputLayout(node))
      repeatRows(
        geometry.valueOffsets[node], geometry.valueCount(node) * output.valuesPerImage, output.line)
      guard geometry.needsInputMaps(node) else { continue }
      repeatRows(
        geometry.mapOffsets[node],
        2 * (input.valuesPerImage + geometry.windowSumCount(node)), input.line)
    }
  }

  private func note(_ readout: Int, _ map: PixelVariances, _ range: Range<Int>) {
    for (lane, image) in range.enumerated() { readouts[readout][image] = map.mean(image: lane) }
  }

  /// `.pixels`: writes a row of pixels, [pixel][image], to the same places of several images.
  private static func scatter(
    _ row: UnsafePointer<Double>, to bases: [UnsafeMutablePointer<L.Scalar>], from first: Int,
    _ places: ArraySlice<Int>
  ) {
    for (image, base) in bases.enumerated() {
      var source = row + image
      for place in places {
        base[first + place] = L.Scalar(min(source.pointee, L.largestValue))
        source += PixelVariances.imageCount
      }
    }
  }

  /// Stores K and Theta before or after a convolution; before it, also their sums down its windows.
  private func store(
    _ map: PixelVariances, _ node: Int, isInput: Bool,
    to bases: [UnsafeMutablePointer<L.Scalar>], _ engine: PixelEngine<L>
  ) {
    guard case .convolution(let step, _) = program.nodes[node].step,
      let plan = engine.plans[node]
    else { return }
    let (layout, places) =
      isInput ? (plan.input, plan.inputPlaces) : (plan.output, plan.outputPlaces)
    let behind = plan.windowSums + 2 * plan.windowSumCount
    let first = isInput || !geometry.needsInputMaps(node) ? plan.maps : behind
    let width = layout.shape.width
    for row in 0..<map.shape.height {
      let ofRow = places[row * width..<(row + 1) * width]
      Self.scatter(map.variances(row: row), to: bases, from: first, ofRow)
      Self.scatter(map.tangents(row: row), to: bases, from: first + layout.valuesPerImage, ofRow)
    }
    guard isInput else { return }
    let sums = AlignedStorage<Double>(count: map.line)
    for y in 0..<step.vertical.output {
      let target = plan.windowSums + y * layout.line
      map.sumVariances(step.vertical, y, to: sums.base)
      Self.scatter(sums.base, to: bases, from: target, places[0..<width])
      map.sumTangents(step.vertical, y, to: sums.base)
      Self.scatter(sums.base, to: bases, from: target + plan.windowSumCount, places[0..<width])
    }
  }
}
