/// Takes the variances of a few images through a graph in double precision. Also runs each image
/// with itself if positions are mixed.
struct GraphTableBuilder<L: CoreLanes> {
  let program: GraphProgram
  let images: PixelImages
  let range: Range<Int>
  let engine: GraphEngine<L>
  /// The numbers in double precision, and the destination of the rounded numbers.
  private let storage: AlignedStorage<Double>
  private let target: UnsafeMutablePointer<L.Scalar>
  /// The image that is currently run through all nodes with itself.
  let block: GraphBlock<L>

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

  /// Builds the numbers. Returns whether they are complete; `poll` may stop the computation.
  func build(_ watch: inout RangeWatch, _ poll: () -> Bool) -> Bool {
    guard program.steps.contains(where: \.needsSelf) else {
      let lanes = Array(0..<range.count)
      for node in program.nodes.indices {
        advance(node, lanes, &watch)
        for lane in lanes { round(node, lane) }
        guard poll() else { return false }
      }
      return true
    }
    // Run every image with itself through all nodes.
    for lane in 0..<range.count {
      block.start([UnsafePointer(target + lane * program.imageSize)])
      for node in program.nodes.indices {
        advance(node, [lane], &watch)
        round(node, lane)
        block.load(node)
        if program.steps[node].needsSelf { engine.run(node, block, block, isSelf: true) }
        guard poll() else { return false }
      }
    }
    return true
  }

  /// Rounds a node's numbers to the lanes.
  func round(_ node: Int, _ lane: Int) {
    let first = program.steps[node].offset
    let end = node + 1 < program.steps.count ? program.steps[node + 1].offset : program.imageSize
    let (source, target) = (record(lane), target + lane * program.imageSize)
    for index in first..<end { target[index] = L.Scalar(min(source[index], L.largestValue)) }
  }

  // MARK: One node

  /// One value at all positions of a node, in the record of an image: 0 is K, 1 is Theta.
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

  /// Writes the values that `index` needs of some images. The values of its inputs must be
  /// complete.
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
        case .input, .windows: read(index, lane)
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

  /// K and Theta of a position after a map that needs no other values.
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
    case .input, .windows, .activation, .normalize, .mix, .attention, .rootAttention, .recurrent,
      .tied:
      preconditionFailure("these have functions of their own")
    }
  }

  private func read(_ index: Int, _ lane: Int) {
    let channels = program.steps[index].valueCount
    for position in 0..<program.nodes[index].positionCount {
      let numbers = numbers(program.nodes[index].map, position, lane)
      var (sum, isBlack) = (0.0, true)
      for (channel, value) in numbers.enumerated() {
        values(index, 2 + channel, lane)[position] = value
        sum += value * value
        isBlack = isBlack && value == 0
      }
      let mean = sum / Double(channels)
      // The variance is 0 only if the pixel is black.
      set(
        index, position, lane,
        ImageState(variance: mean == 0 && !isBlack ? .leastNonzeroMagnitude : mean))
    }
  }

  /// The numbers of an image at a position: of one pixel, of all pixels, or of the pixels in a
  /// window.
  private func numbers(_ map: KernelMap, _ position: Int, _ lane: Int) -> [Double] {
    let channels = program.channels
    let pixels = images.pixel(range.lowerBound + lane, 0)
    switch map {
    case .windows(let convolution):
      return convolution.places(under: position, width: program.shape.width).flatMap { place in
        (0..<channels).map { channel in place.map { pixels[$0 * channels + channel] } ?? 0 }
      }
    case .input(isFlat: true):
      return Array(UnsafeBufferPointer(start: pixels, count: program.shape.count * channels))
    default:
      return (0..<channels).map { pixels[position * channels + $0] }
    }
  }
}
