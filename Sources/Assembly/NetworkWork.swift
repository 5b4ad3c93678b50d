import Failures
import Jobs
import KernelTiles
import NumPyFiles
import RecursionCore

/// The networks of an assignment, compiled, and what their kernels are averaged over.
package struct NetworkWork {
  /// All networks compiled into one pass.
  package let program: Program
  /// What the kernels are averaged over.
  let average: AverageSection
  private let precision: Precision
  /// What one pair of images costs: 1, or pairs of pixels times layers where there are convolutions.
  let workPerPair: Double
  /// Bytes that the images at the edges of tiles take, each, but for what is there twice.
  let bytesPerImage: Int
  /// Whether there are convolutions.
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

  /// Whether the kernels are averaged over mirror images, which the images then come with.
  var averagesMirrors: Bool { average.flip }

  /// An engine for its tiles. Local.
  package func makeTileKernels() -> TileKernels {
    TileKernels(program, precision: precision, averagesMirrors: averagesMirrors)
  }

  /// The networks of a job, checked.
  ///
  /// - Parameter imageShape: [H, W, C] or [D] where it is known; else it is read from the data.
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
        // Networks that flatten their input do without, so that a run can be looked at anywhere.
        (shape, failure) = ([1], error)
      }
    }
    if imageShape == nil, shape.count == 3 {
      // What does not divide is refused with the data.
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
          // The theory is of images as they are.
          uniform: job.average ?? AverageSection() == AverageSection() ? $0.uniform : nil)
      } catch {
        throw failure ?? error
      }
    }
  }

  /// Throws where images of a shape do not do for the networks of a job, if it has any.
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

  /// Throws where images of `shape` have no mirror images and the job asks for them.
  private static func check(_ average: AverageSection?, imageShape shape: [Int]) throws {
    guard average?.flip == true, shape.count != 3 else { return }
    throw Refusal(
      .badJob,
      "average.flip mirrors images left to right, and these have shape \(shape) without columns; give "
        + "images as [N, H, W, C], or leave it out")
  }
}
