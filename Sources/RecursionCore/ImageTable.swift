import Failures

/// What the steps of a program need of each image at one edge of a tile, computed once per image,
/// and the diagonals of the kernels.
final class ImageTable<L: CoreLanes>: @unchecked Sendable {
  /// The images.
  let count: Int
  /// K and Theta at each image: [network][image].
  let diagonals: [[ImageState]]

  private let storage: AlignedStorage<L.Scalar>
  private let stride: Int
  private let offsets: [Int]

  /// The table of images with K and Theta `states` at each source: [source][image].
  ///
  /// - Throws: `RangeError` where a variance leaves the range of the lanes.
  init(_ program: Program, states: [[ImageState]]) throws(RangeError) {
    count = states.first?.count ?? 0
    // Whole blocks of columns are read, so the padding must be there (and be finite).
    // One cache line more keeps an image's numbers out of the same set of the cache.
    let blockColumns = Engine<L>.blockColumns
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
    var failure: RangeError?
    let values = UnsafeMutablePointer<Double>.allocate(
      capacity: program.nodes.map(\.step.imageValueCount).max() ?? 1)
    defer { values.deallocate() }
    for (source, states) in states.enumerated() {
      for (image, state) in states.enumerated() {
        program.walk(state, from: source) { node, before, after in
          if failure == nil,
            let value = [after.variance, after.tangent].first(where: { !L.holds($0) })
          {
            let (step, network) = program.place(ofNode: node)
            failure = RangeError(
              value: value, step: step, network: network, lanes: "\(L.Scalar.self)")
          }
          let step = program.nodes[node].step
          step.writeImageValues(before.0, kept: before.kept, to: values)
          for index in 0..<step.imageValueCount {
            storage.base[offsets[node] + index * stride + image] = L.Scalar(values[index])
          }
          for output in program.nodes[node].outputs { diagonals[output][image] = after }
        }
      }
    }
    self.diagonals = diagonals
    if let failure { throw failure }
  }

  /// The values of node `node` for the images from `image` on.
  @inline(__always)
  func values(node: Int, from image: Int) -> StepValues<L.Scalar> {
    StepValues(base: storage.base + offsets[node] + image, stride: stride)
  }
}

/// A variance that grew or shrank out of what the lanes can hold.
public struct RangeError: Failure, Sendable {
  let value: Double
  /// From 1, an affine layer or an activation each.
  let step: Int
  /// One of the networks that it happens in, where that is known.
  public let network: Int?
  let lanes: String

  init(value: Double, step: Int, network: Int? = nil, lanes: String) {
    (self.value, self.step, self.network, self.lanes) = (value, step, network, lanes)
  }

  /// What kind of failure it is.
  public var kind: FailureKind { .badData }

  /// One sentence.
  public var description: String {
    let remedy =
      lanes == "Float" ? "; use precision f64" : "; use fewer layers or other weight variances"
    return "the variance of an image reaches \(value) at step \(step) of the network, out of the "
      + "range of the arithmetic\(remedy)"
  }
}
