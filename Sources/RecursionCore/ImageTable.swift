/// The values that the steps of a program need of each image at one edge of a tile, computed once
/// per image, and the diagonals of the kernels.
final class ImageTable<L: CoreLanes>: @unchecked Sendable {
  /// The number of images.
  let count: Int
  /// K and Theta of each image: [network][image].
  let diagonals: [[ImageState]]

  private let storage: AlignedStorage<L.Scalar>
  private let stride: Int
  private let offsets: [Int]

  /// The number of steps times images between two calls of `poll`: about a millisecond.
  private static var stepsPerPoll: Int { 1 << 15 }

  /// Builds the table of `count` images with K and Theta `states` at each source, [source][image].
  /// Returns nil if `poll` stops the computation.
  ///
  /// - Throws: `RangeError` if a variance leaves the range of the lanes.
  init?(
    _ program: Program, states: [[ImageState]], count: Int, _ poll: () -> Bool
  ) throws(RangeError) {
    self.count = count
    // Whole blocks of columns are read, so the padding must exist and be finite. An additional
    // cache line keeps the numbers of an image out of the same set of the cache.
    let blockColumns = PairEngine<L>.blockColumns
    stride =
      (count + blockColumns - 1) / blockColumns * blockColumns
      + AlignedStorage<L.Scalar>.lineCount
    var offsets: [Int] = []
    var total = 0
    for node in program.nodes {
      offsets.append(total)
      total += node.step.imageValueCount * stride
    }
    self.offsets = offsets
    let stride = self.stride
    let storage = AlignedStorage<L.Scalar>(count: total)
    self.storage = storage

    let empty = [ImageState](repeating: ImageState(variance: 0), count: count)
    var diagonals = [[ImageState]](repeating: empty, count: program.networkCount)
    var watch = RangeWatch(L.precision)
    let values = UnsafeMutablePointer<Double>.allocate(
      capacity: program.nodes.map(\.step.imageValueCount).max() ?? 1)
    defer { values.deallocate() }
    let batch = max(Self.stepsPerPoll / max(program.nodes.count, 1), 1)
    var isGivenUp = false
    for (source, states) in states.enumerated() where !isGivenUp {
      for (image, state) in states.enumerated() {
        if image % batch == batch - 1 && !poll() {
          isGivenUp = true
          break
        }
        program.walk(state, from: source) { node, before, after in
          let step = program.nodes[node].step
          Self.note(before.0, after, step, &watch) { program.place(ofNode: node) }
          step.writeImageValues(before.0, kept: before.kept, to: values)
          for index in 0..<step.imageValueCount {
            storage.base[offsets[node] + index * stride + image] = L.Scalar(values[index])
          }
          for output in program.nodes[node].outputs { diagonals[output][image] = after }
        }
      }
    }
    self.diagonals = diagonals
    if isGivenUp { return nil }
    if let failure = watch.failure { throw failure }
  }

  /// Notes the numbers of an image before and after a step.
  @inline(__always)
  private static func note(
    _ before: ImageState, _ after: ImageState, _ step: Step, _ watch: inout RangeWatch,
    place: () -> (step: Int, network: Int?)
  ) {
    switch step {
    case .activation(let activation):
      watch.note(
        .variance, before.variance, largest: { activation.largestVariance($0) }, place: place)
    case .normalize(let norm):
      watch.note(.normalized, before.variance + norm.epsilon, place: place)
    case .affine, .fork, .exchange, .join: break
    }
    watch.note(.variance, after.variance, place: place)
    watch.note(.tangent, after.tangent, place: place)
  }

  /// The values of node `node` for the images from `image` on.
  @inline(__always)
  func values(node: Int, from image: Int) -> StepValues<L.Scalar> {
    StepValues(base: storage.base + offsets[node] + image, stride: stride)
  }
}
