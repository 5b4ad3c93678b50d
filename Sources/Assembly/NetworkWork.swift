import Failures
import Jobs
import KernelTiles
import NumPyFiles
import RecursionCore

/// The compiled networks of an assignment, and the images that their kernels are averaged over.
package struct NetworkWork {
  /// All networks compiled into one pass.
  package let program: Program
  /// What the kernels are averaged over.
  let average: AverageSection
  private let precision: Precision
  /// The cost of one pair of images: 1, or pairs of pixels times layers for networks with convolutions.
  let workPerPair: Double
  /// The bytes that each image at the edges of a tile takes, where anything that exists twice counts once.
  let bytesPerImage: Int
  /// Whether the networks have convolutions.
  let usesPixels: Bool

  init(_ networks: [Network], _ job: Job, _ precision: Precision) {
    self.precision = precision
    average = job.average ?? AverageSection()
    program = Program(networks)
    bytesPerImage = program.distinctBytesPerImage(precision)
    usesPixels = program.usesPixels
    let terms = average.flip ? (program.isMirrorSymmetric ? 2.0 : 4.0) : 1
    workPerPair = terms * (usesPixels ? program.pixelPairsPerPair : 1)
  }

  /// Whether the kernels are averaged over mirror images. If so, the mirror images are loaded with the images.
  var averagesMirrors: Bool { average.flip }

  /// Creates an engine that computes the tiles of the networks. Local.
  package func makeTileKernels() -> TileKernels {
    TileKernels(program, precision: precision, averagesMirrors: averagesMirrors)
  }

  /// The checked networks of a job.
  ///
  /// - Parameter imageShape: [H, W, C] or [D] if it is known; nil to read it from the data.
  ///
  /// Errors: `NetworkError`, `Refusal`.
  static func variants(
    _ section: NetworkSection, _ job: Job, _ imageShape: [Int]?
  ) throws -> [Assignment.Variant] {
    var shape = imageShape ?? [32, 32, 3]
    var failure: (any Error)?
    if imageShape == nil, case .arrays(let train, _, _, _) = job.data.source {
      do {
        shape = Array(try NumPyFileReader(path: train).shape.dropFirst())
      } catch {
        // Networks that flatten their input do not need the shape. So a run can be inspected on any machine.
        (shape, failure) = ([1], error)
      }
    }
    if imageShape == nil, shape.count == 3 {
      // Shapes that `reduction` does not divide are refused later, with the data.
      shape[0] = max(shape[0] / job.data.reduction, 1)
      shape[1] = max(shape[1] / job.data.reduction, 1)
    }
    if failure == nil {
      try section.check(imageShape: shape)
      try check(job.average, imageShape: shape)
    }
    return try section.variants.map {
      do {
        return Assignment.Variant(
          name: $0.name, parameters: $0.parameters,
          network: try network($0, job, imageShape: shape), text: $0.canonicalText,
          // The theory holds for images as they are, without averages.
          uniform: job.average ?? AverageSection() == AverageSection() ? $0.uniform : nil)
      } catch {
        throw failure ?? error
      }
    }
  }

  /// Throws if images of a shape do not suit the networks of a job, if the job has any.
  static func check(_ job: Job, imageShape shape: [Int]) throws {
    guard let section = job.network else { return }
    try section.check(imageShape: shape)
    for variant in section.variants { _ = try network(variant, job, imageShape: shape) }
    try check(job.average, imageShape: shape)
  }

  private static func network(
    _ variant: Jobs.Variant, _ job: Job, imageShape: [Int]
  ) throws(NetworkError) -> Network {
    try Network(
      variant.layers, imageShape: imageShape, averagedShift: job.average?.shift ?? 0)
  }

  /// Throws if the job asks for mirror images and images of `shape` have none.
  private static func check(_ average: AverageSection?, imageShape shape: [Int]) throws {
    guard average?.flip == true, shape.count != 3 else { return }
    throw Refusal(
      .badJob,
      "average.flip mirrors images left to right, and these have shape \(shape) without columns; give "
        + "images as [N, H, W, C], or leave it out")
  }
}
