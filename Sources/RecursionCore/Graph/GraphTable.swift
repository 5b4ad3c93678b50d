/// The values that a graph needs of the images at one edge of a tile, computed once per image. The
/// numbers of each image lie node by node, and for each node value by value, with all positions of
/// a value in sequence (see `GraphProgram.Step`).
final class GraphTable<L: CoreLanes>: @unchecked Sendable {
  let count: Int
  /// K and Theta of each image at each output: [output][image].
  private(set) var outputs: [[ImageState]]
  private let program: GraphProgram
  private let storage: AlignedStorage<L.Scalar>

  /// Builds the table of `images`. Returns nil if `poll` stops the computation.
  ///
  /// - Parameter engine: runs each image with itself.
  /// - Throws: `RangeError` if a variance leaves the range of the lanes.
  init?(
    _ images: PixelImages, _ engine: GraphEngine<L>, _ poll: () -> Bool
  ) throws(RangeError) {
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
      guard builder.build(&watch, poll) else { return nil }
      for image in range {
        for (index, output) in program.outputs.enumerated() {
          outputs[index][image] = builder.state(output.node, 0, image - first)
        }
      }
    }
    if let failure = watch.failure { throw failure }
  }

  /// The numbers of an image.
  func record(_ image: Int) -> UnsafePointer<L.Scalar> {
    UnsafePointer(storage.base + image * program.imageSize)
  }
}
