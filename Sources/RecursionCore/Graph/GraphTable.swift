/// What a graph needs of the images at one edge of a tile, computed once per image: each image's
/// numbers lie node by node, values of all positions one after another (see `GraphProgram.Step`).
final class GraphTable<L: CoreLanes>: @unchecked Sendable {
  let count: Int
  /// K and Theta of each image behind each output: [output][image].
  private(set) var outputs: [[ImageState]]
  private let program: GraphProgram
  private let storage: AlignedStorage<L.Scalar>

  /// The table of `images`.
  ///
  /// - Parameter engine: runs each image with itself.
  /// - Throws: `RangeError` where a variance leaves the range of the lanes.
  init(_ images: PixelImages, _ engine: GraphEngine<L>) throws(RangeError) {
    program = engine.program
    count = images.count
    storage = AlignedStorage(count: max(count, 1) * program.imageSize, isZeroed: false)
    outputs = [[ImageState]](
      repeating: [ImageState](repeating: ImageState(variance: 0), count: count),
      count: program.outputs.count)
    var watch = RangeWatch(L.precision)
    let batch = PixelVariances.imageCount
    for first in stride(from: 0, to: count, by: batch) {
      let range = first..<min(first + batch, count)
      let builder = GraphTableBuilder(
        images, range, to: storage.base + first * program.imageSize, engine)
      builder.build(&watch)
      for image in range {
        for (index, output) in program.outputs.enumerated() {
          outputs[index][image] = builder.state(output.node, 0, image - first)
        }
      }
    }
    if let failure = watch.failure { throw failure }
  }

  /// An image's numbers.
  func record(_ image: Int) -> UnsafePointer<L.Scalar> {
    UnsafePointer(storage.base + image * program.imageSize)
  }
}

/// Takes the variances of a few images through a graph, in double precision, and each image with
/// itself where positions mix.
struct GraphTableBuilder<L: CoreLanes> {
  let program: GraphProgram
  private let images: PixelImages
  private let range: Range<Int>
  private let engine: GraphEngine<L>
  /// The numbers in double precision, and where they go rounded to the lanes.
  private let storage: AlignedStorage<Double>
  private let target: UnsafeMutablePointer<L.Scalar>
  /// An image on its way through all nodes with itself.
  private let block: GraphBlock<L>

  init(
    _ images: PixelImages, _ range: Range<Int>, to target: UnsafeMutablePointer<L.Scalar>,
    _ engine: GraphEngine<L>
  ) {
    (self.images, self.range, self.target, self.engine) = (images, range, target, engine)
    program = engine.program
    storage = AlignedStorage(count: range.count * program.imageSize)
    block = GraphBlock(program, capacity: 1)
  }

  private func record(_ lane: Int) -> UnsafeMutablePointer<Double> {
    storage.base + lane * program.imageSize
  }

  func build(_ watch: inout RangeWatch) {
    guard program.steps.contains(where: \.needsSelf) else {
      let lanes = Array(0..<range.count)
      for node in program.nodes.indices {
        advance(node, lanes, &watch)
        for lane in lanes { round(node, lane) }
      }
      return
    }
    // Every image alone through all nodes, with itself.
    for lane in 0..<range.count {
      block.start([UnsafePointer(target + lane * program.imageSize)])
      for node in program.nodes.indices {
        advance(node, [lane], &watch)
        round(node, lane)
        block.load(node)
        if program.steps[node].needsSelf { engine.run(node, block, block, isSelf: true) }
      }
    }
  }

  /// Rounds a node's numbers to the lanes.
  private func round(_ node: Int, _ lane: Int) {
    let first = program.steps[node].offset
    let end = node + 1 < program.steps.count ? program.steps[node + 1].offset : program.imageSize
    let (source, target) = (record(lane), target + lane * program.imageSize)
    for index in first..<end { target[index] = L.Scalar(min(source[index], L.largestValue)) }
  }

  // MARK: One node

  /// A value of a node's positions in an image's record: 0 is K, 1 is Theta.
  func values(_ node: Int, _ value: Int, _ lane: Int) -> UnsafeMutablePointer<Double> {
    record(lane) + program.steps[node].offset + value * program.nodes[node].positionCount
  }

  func state(_ node: Int, _ position: Int, _ lane: Int) -> ImageState {
    ImageState(
      variance: values(node, 0, lane)[position], tangent: values(node, 1, lane)[position])
  }

  func set(_ node: Int, _ position: Int, _ lane: Int, _ state: ImageState) {
    values(node, 0, lane)[position] = state.variance
    values(node, 1, lane)[position] = state.tangent
  }

  /// Writes what `index` needs of some images, which have all that its inputs need.
  private func advance(_ index: Int, _ lanes: [Int], _ watch: inout RangeWatch) {
    let node = program.nodes[index]
    let count = node.positionCount
    switch node.map {
    case .activation, .normalize:
      if let update = program.steps[index].update {
        self.update(update, index, from: node.inputs[0], lanes, &watch)
      }
    case .recurrent(let recurrent): self.advance(recurrent, index, lanes, &watch)
    case .tied(let tied): for lane in lanes { advance(tied, index, lane, &watch) }
    default:
      for lane in lanes {
        switch node.map {
        case .input: read(index, lane)
        case .mix:
          guard case .mix(let plan) = engine.plans[index] else { continue }
          mix(plan, index, lane)
        case .attention(let attention): attend(attention, index, lane)
        case .rootAttention(let attention): attend(attention, index, lane)
        default:
          for position in 0..<count {
            set(index, position, lane, state(index, node, position, lane))
          }
        }
      }
    }
    for lane in lanes {
      let (variances, tangents) = (values(index, 0, lane), values(index, 1, lane))
      for position in 0..<count {
        watch.note(.variance, variances[position]) { program.place(ofNode: index) }
        watch.note(.tangent, tangents[position]) { program.place(ofNode: index) }
      }
    }
  }

  /// K and Theta of a position behind maps that need no other values.
  private func state(
    _ index: Int, _ node: KernelGraph.Node, _ position: Int, _ lane: Int
  ) -> ImageState {
    func input(_ number: Int) -> ImageState { state(node.inputs[number], position, lane) }
    switch node.map {
    case .affine(let affine): return affine.advance(input(0))
    case .convolution(let convolution):
      guard case .taps(let plan) = engine.plans[index] else { return input(0) }
      var sum = ImageState(variance: 0)
      for tap in plan.sources {
        guard tap[position] >= 0 else { continue }
        let state = state(node.inputs[0], tap[position], lane)
        sum.variance += state.variance
        sum.tangent += state.tangent
      }
      let taps = Double(convolution.tapCount)
      return convolution.affine.advance(
        ImageState(variance: sum.variance / taps, tangent: sum.tangent / taps))
    case .sum(let weights):
      var sum = ImageState(variance: 0)
      for (number, weight) in weights.enumerated() {
        sum.variance += weight * input(number).variance
        sum.tangent += weight * input(number).tangent
      }
      return sum
    case .product:
      let (first, second) = (input(0), input(1))
      return ImageState(
        variance: first.variance * second.variance,
        tangent: first.tangent * second.variance + first.variance * second.tangent)
    case .embedding(let signal, let position):
      return ImageState(
        variance: signal * input(0).variance + position,
        tangent: signal * input(0).tangent + position)
    case .dropout(let keep):
      return ImageState(variance: input(0).variance / keep, tangent: input(0).tangent / keep)
    case .flatten:
      let positions = program.nodes[node.inputs[0]].positionCount
      var sum = ImageState(variance: 0)
      for place in 0..<positions {
        let state = state(node.inputs[0], place, lane)
        sum.variance += state.variance
        sum.tangent += state.tangent
      }
      return ImageState(
        variance: sum.variance / Double(positions), tangent: sum.tangent / Double(positions))
    case .input, .activation, .normalize, .mix, .attention, .rootAttention, .recurrent, .tied:
      preconditionFailure("these have functions of their own")
    }
  }

  private func read(_ index: Int, _ lane: Int) {
    let count = program.nodes[index].positionCount
    let channels = program.steps[index].valueCount
    let pixels = images.pixel(range.lowerBound + lane, 0)
    for position in 0..<count {
      var (sum, isBlack) = (0.0, true)
      for channel in 0..<channels {
        let value = pixels[position * channels + channel]
        values(index, 2 + channel, lane)[position] = value
        sum += value * value
        isBlack = isBlack && value == 0
      }
      let mean = sum / Double(channels)
      // Not 0 unless the pixel is black.
      set(
        index, position, lane,
        ImageState(variance: mean == 0 && !isBlack ? .leastNonzeroMagnitude : mean))
    }
  }

  // MARK: Updates

  private func update(
    _ update: any PixelUpdate, _ index: Int, from source: Int, _ lanes: [Int],
    _ watch: inout RangeWatch
  ) {
    let node = program.nodes[index]
    let shape = node.shape ?? PixelShape(height: 1, width: 1)
    let map = PixelVariances(shape: shape)
    for (place, lane) in lanes.enumerated() {
      for position in 0..<shape.count {
        map.set(
          position / shape.width, position % shape.width, image: place,
          state(source, position, lane))
      }
      let largest = map.largestVariance(image: place)
      update.note(map, image: place, largest: largest, &watch) { program.place(ofNode: index) }
    }
    update.advance(map) { row, numbers, line in
      for (place, lane) in lanes.enumerated() {
        for value in 0..<update.valueCount {
          let target = values(index, 2 + value, lane) + row * shape.width
          let source = numbers + value * line + place
          for x in 0..<shape.width { target[x] = source[x * PixelVariances.imageCount] }
        }
      }
    }
    for (place, lane) in lanes.enumerated() {
      for position in 0..<shape.count {
        set(
          index, position, lane,
          map.state(position / shape.width, position % shape.width, image: place))
      }
    }
  }

  /// See `Recurrent`. Behind the activation's values stand what it makes of K and Theta.
  private func advance(
    _ recurrent: Recurrent, _ index: Int, _ lanes: [Int], _ watch: inout RangeWatch
  ) {
    guard let update = program.steps[index].update else { return }
    let node = program.nodes[index]
    let count = node.positionCount
    let width = program.nodes[node.inputs[0]].positionCount / count
    var before = [ImageState](repeating: ImageState(variance: 0), count: lanes.count)
    for t in 0..<count {
      let map = PixelVariances(shape: PixelShape(height: 1, width: 1))
      for (place, lane) in lanes.enumerated() {
        var token = ImageState(variance: 0)
        for pixel in 0..<width {
          let state = state(node.inputs[0], t * width + pixel, lane)
          token.variance += state.variance / Double(width)
          token.tangent += state.tangent / Double(width)
        }
        let variance =
          recurrent.weightVariance * before[place].variance
          + recurrent.inputVariance * token.variance + recurrent.biasVariance
        let tangent =
          variance + recurrent.weightVariance * before[place].tangent
          + recurrent.inputVariance * token.tangent
        let state = ImageState(variance: variance, tangent: tangent)
        set(index, t, lane, state)
        map.set(0, 0, image: place, state)
        update.note(map, image: place, largest: variance, &watch) { program.place(ofNode: index) }
      }
      update.advance(map) { _, numbers, line in
        for (place, lane) in lanes.enumerated() {
          for value in 0..<update.valueCount {
            values(index, 2 + value, lane)[t] = numbers[value * line + place]
          }
        }
      }
      for (place, lane) in lanes.enumerated() {
        before[place] = map.state(0, 0, image: place)
        values(index, 2 + update.valueCount, lane)[t] = before[place].variance
        values(index, 3 + update.valueCount, lane)[t] = before[place].tangent
      }
    }
  }

  // MARK: Mixing

  /// The gaps of an image with itself at a node's input.
  private func gaps(_ node: Int) -> PairArray<L> { engine.array(node, block, block) }

  private func mix(_ plan: MixPlan, _ index: Int, _ lane: Int) {
    let source = program.nodes[index].inputs[0]
    for p in 0..<program.nodes[index].positionCount {
      var halves = [0.0, 0.0]
      for plane in 0..<2 {
        engine.sum(source, index, plan, row: p, plane, block, block) { column, sum in
          if column == p { halves[plane] = sum / 2 }
        }
      }
      var (whole, rowSum) = (ImageState(variance: 0), 0.0)
      for term in plan.starts[p]..<plan.starts[p + 1] {
        let state = state(source, plan.places[term], lane)
        whole.variance += plan.factors[term] * state.variance
        whole.tangent += plan.factors[term] * state.tangent
        rowSum += plan.factors[term]
      }
      complete(index, p, lane, halves, whole, rowSum)
      set(
        index, p, lane,
        ImageState(
          variance: remainder(rowSum * whole.variance, halves[0]),
          tangent: remainder(rowSum * whole.tangent, halves[1])))
    }
  }

  /// The difference of two numbers that may leave nothing; 0 where rounding alone is left.
  private func remainder(_ sum: Double, _ half: Double) -> Double {
    let remainder = sum - half
    return remainder > 8 * .ulpOfOne * (abs(sum) + abs(half)) ? remainder : 0
  }

  /// What rounding to the lanes leaves of a number.
  private func rest(_ number: Double) -> Double {
    number - Double(L.Scalar(number))
  }

  private func complete(
    _ index: Int, _ position: Int, _ lane: Int, _ halves: [Double], _ whole: ImageState,
    _ rowSum: Double
  ) {
    for (value, number) in [
      (MixValue.gap, halves[0]), (.gapRest, rest(halves[0])), (.tangentGap, halves[1]),
      (.tangentGapRest, rest(halves[1])), (.variance, whole.variance), (.tangent, whole.tangent),
      (.rowSum, rowSum),
    ] { values(index, 2 + value.rawValue, lane)[position] = number }
  }

  private func attend(_ attention: SelfAttention, _ index: Int, _ lane: Int) {
    let (source, keys) = (program.nodes[index].inputs[0], program.nodes[index].inputs[1])
    let count = program.nodes[index].positionCount
    let gaps = gaps(keys)
    let (variances, tangents) = (values(source, 0, lane), values(source, 1, lane))
    let ofKeys = values(keys, 0, lane)
    var covariances = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<count {
        covariances[row * count + column] =
          (ofKeys[row] + ofKeys[column] - Double(gaps.gap(row)[column])) / 2
      }
    }
    let weights = attention.weights(covariances, count: count)
    let matrix = values(index, 2 + program.steps[index].valueCount, lane)
    matrix.update(from: weights, count: count * count)
    // As the engine multiplies, so that equal images leave nothing.
    round(index, lane)
    engine.multiplyByWeights(source, index, block, block)
    let products = self.gaps(index)
    for p in 0..<count {
      let row = matrix + p * count
      let halves = [products.gap(p)[p], products.tangentGap(p)[p]].map { Double($0) / 2 }
      var (whole, rowSum) = (ImageState(variance: 0), 0.0)
      for place in 0..<count {
        whole.variance += row[place] * variances[place]
        whole.tangent += row[place] * tangents[place]
        rowSum += row[place]
      }
      complete(index, p, lane, halves, whole, rowSum)
      let omega = attention.valueVariance
      let variance = omega * remainder(rowSum * whole.variance, halves[0])
      let tangent = omega * remainder(rowSum * whole.tangent, halves[1])
      set(
        index, p, lane,
        ImageState(
          variance: variance + attention.biasVariance,
          tangent: tangent + 2 * variance + attention.biasVariance))
    }
  }

  private func attend(_ attention: RootAttention, _ index: Int, _ lane: Int) {
    let source = program.nodes[index].inputs[0]
    let count = program.nodes[index].positionCount
    let gaps = gaps(source)
    var (square, mixed) = (0.0, 0.0)
    for row in 0..<count {
      for column in 0..<count {
        let (first, second) = (state(source, row, lane), state(source, column, lane))
        let kernel = (first.variance + second.variance - Double(gaps.gap(row)[column])) / 2
        let tangent = (first.tangent + second.tangent - Double(gaps.tangentGap(row)[column])) / 2
        square += kernel * kernel
        mixed += kernel * tangent
      }
    }
    for position in 0..<count {
      set(
        index, position, lane,
        attention.advance(state(source, position, lane), square: square, mixed: mixed))
    }
  }
}
