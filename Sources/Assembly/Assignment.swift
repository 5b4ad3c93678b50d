import Datasets
import Failures
import Foundation
import Jobs
import KernelTiles
import NumPyFiles
import Processor
import RecursionCore
import Results
import TileStore
import Tiling

/// What a run computes, with the network checked: the part of a job that all stages share.
package struct Assignment {
  /// One network of the job.
  package struct Variant {
    /// What varies, for example `depth=30`; empty where nothing does.
    package let name: String
    /// The values of what varies, by their keys in the job.
    package let parameters: [String: Double]
    package let network: Network
    /// The network on one line, for the fingerprint.
    package let text: String
    /// As mean-field theory sees it; nil where it does not.
    package let uniform: UniformNetwork?
  }

  package let run: RunFolder
  package let variants: [Variant]
  package let kernels: [KernelKind]
  package let precision: Precision
  package let storage: TileArraySpec.Storage
  let requestedTile: Int?
  /// Whether finished tiles are packed into shards.
  private let packsTiles: Bool
  /// Whether the training images' gaps are kept beside their kernels.
  package let keepsGaps: Bool
  /// How the images were preprocessed, for the fingerprint.
  package let preprocessing: String
  /// What the kernels are averaged over.
  let average: AverageSection
  /// All networks compiled into one pass.
  package let program: Program
  /// What one pair of images costs: 1, or pairs of pixels times layers where there are convolutions.
  package let workPerPair: Double
  /// Bytes that the images at the edges of tiles take, each, but for what is there twice.
  package let bytesPerImage: Int
  /// Whether there are convolutions.
  package let usesPixels: Bool

  /// The assignment of a job whose results go to `run`.
  ///
  /// - Parameter imageShape: [H, W, C] or [D] where it is known; else it is read from the data.
  ///
  /// Errors: `NetworkError` for a composition that makes no sense, before any data is read.
  package init(_ job: Job, run: RunFolder, imageShape: [Int]? = nil) throws {
    self.run = run
    variants = try Self.variants(job, imageShape)
    kernels = job.kernels
    precision = job.precision == .f64 ? .f64 : .f32
    storage = job.storage == .f64 ? .float64 : .float32
    requestedTile = job.tile
    packsTiles = (job.store ?? StoreSection()).shards
    keepsGaps = job.spectrum?.centred ?? false
    // A reduction is left out where there is none, so that older stores remain what they are.
    preprocessing =
      (job.data.reduction == 1 ? "" : "reduced \(job.data.reduction)-fold, ")
      + job.data.preprocessing.text
    average = job.average ?? AverageSection()
    program = Program(variants.map(\.network))
    bytesPerImage = program.distinctBytesPerImage(precision)
    usesPixels = program.usesPixels
    let terms = average.flip ? (program.isMirrorSymmetric ? 2.0 : 4.0) : 1
    workPerPair = terms * (usesPixels ? program.pixelPairsPerPair : 1)
  }

  /// Whether the kernels are averaged over mirror images, which the images then come with.
  package var averagesMirrors: Bool { average.flip }

  /// An engine for its tiles. Local.
  package func makeTileKernels() -> TileKernels {
    TileKernels(program, precision: precision, averagesMirrors: averagesMirrors)
  }

  private static func variants(_ job: Job, _ imageShape: [Int]?) throws -> [Variant] {
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
      try job.network.check(imageShape: shape)
      try check(job.average, imageShape: shape)
    }
    return try job.variants.map {
      do {
        return Variant(
          name: $0.name, parameters: $0.parameters,
          network: try network($0, job, imageShape: shape), text: $0.canonicalText,
          // The theory is of images as they are.
          uniform: job.average ?? AverageSection() == AverageSection() ? $0.uniform : nil)
      } catch {
        throw failure ?? error
      }
    }
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

  /// Throws where the images that were found do not do for the networks or the prediction.
  package func check(_ data: DataOutline, job: Job) throws {
    try job.network.check(imageShape: data.shape)
    for variant in job.variants { _ = try Self.network(variant, job, imageShape: data.shape) }
    try Self.check(job.average, imageShape: data.shape)
    if job.prediction != nil, data.testCount == 0 {
      throw Refusal(.badJob, "the job asks for prediction and has no test images; set data.test")
    }
    let asked = [
      ("prediction", job.prediction != nil), ("training", job.training != nil),
      ("alignment", job.alignment != nil), ("spectrum.weights", job.spectrum?.weights == true),
    ]
    if data.trainLabels.isEmpty, let section = asked.first(where: { $0.1 })?.0 {
      throw Refusal(
        .badJob,
        "the job asks for \(section) and has no training labels; set data.arrays.train_labels")
    }
    let train = data.trainCount
    try checkTileCount(train: train, test: data.testCount)
    if job.prediction?.leaveOneOut == true, train == 1 {
      throw Refusal(
        .badJob,
        "prediction.leave_one_out needs two training images or more, and there is one; leave it out"
      )
    }
    if let section = job.generalization {
      if let last = section.samples.last, last >= train {
        throw Refusal(
          .badJob,
          "generalization.samples has \(last) of \(train) training images; leave some to test on")
      }
      if section.draws > train {
        throw Refusal(
          .badJob,
          "generalization.draws is \(section.draws) and there are \(train) training images; draw at "
            + "most as many subsets")
      }
    }
    if let alignment = job.alignment, let last = alignment.targets.last, last > train {
      throw Refusal(
        .badJob,
        "alignment.targets names eigenvector \(last) and \(train) training images have \(train)")
    }
  }

  /// The edge of a tile: what the job says, else what suits the number of training images and the
  /// network; never the number of ranks, because the tiles' bytes must not depend on it.
  package func tile(train: Int) -> Int { requestedTile ?? chosenTile(train: train) }

  /// Throws where a job asks for tiles so small that their number is out of proportion: each tile is
  /// written and flushed as a file, and may remain one.
  package func checkTileCount(train: Int, test: Int) throws {
    let chosen = chosenTile(train: train)
    guard let requestedTile, requestedTile < chosen else { return }
    let (rows, columns) = (
      (train + requestedTile - 1) / requestedTile, (test + requestedTile - 1) / requestedTile
    )
    let count = rows * (rows + 1) / 2 + rows * columns
    guard count > (packsTiles ? 2_000_000 : 500_000) else { return }
    throw Refusal(
      .badJob,
      "tile: \(requestedTile) makes \(count) tiles of each kernel, and each is written as a file; set "
        + "tile: \(chosen), or leave it out")
  }

  /// An array of the job's store.
  func spec(_ grid: TileGrid, fingerprint: Fingerprint) -> TileArraySpec {
    TileArraySpec(
      grid: grid, storage: storage, fingerprint: fingerprint,
      shards: packsTiles ? TileArraySpec.standardShards(of: grid, storage) : nil)
  }

  private func chosenTile(train: Int) -> Int {
    // About eight tiles along an edge, in whole blocks of the recursion core; with pools between
    // pixels these are single pairs.
    let least = usesPixels && program.leastTile == 1 ? 8 : 64
    let eighth = (train / 8 + least - 1) / least * least
    var tile = min(max(eighth, least), 512)
    guard usesPixels else { return tile }
    // An interrupted tile is lost: it should be seconds of one core, and its edges moderate memory.
    while tile / 2 >= program.leastTile
      && (seconds(tile: tile) > 20 || tile * bytesPerImage > 128 << 20)
    { tile /= 2 }
    return tile
  }

  /// Whether the kernels' elements are computed or stored in single precision.
  package var hasSingleElements: Bool { precision == .f32 || storage == .float32 }

  /// A variant's kernel as messages name it, for example `depth=30 ntk`.
  package func label(_ variant: Int, _ kernel: KernelKind) -> String {
    Self.label(variants[variant].name, kernel)
  }

  /// The same by the variant's name.
  package static func label(_ variant: String, _ kernel: KernelKind) -> String {
    (variant.isEmpty ? "" : variant + " ") + kernel.rawValue
  }

  /// What a tile's time depends on, as one line.
  package func profileKey(train: Int) -> String {
    "\(variants.map(\.text).joined(separator: " | ")); \(kernels.map(\.rawValue).joined(separator: " ")); "
      + "\(precision.rawValue), tile \(min(tile(train: train), train))"
      + (averagesMirrors ? ", mirrors" : "")
      + (average.shift > 0 ? ", shift \(average.shift)" : "")
  }

  /// What a tile takes on one core, roughly: the speed of a present machine, kernels and all.
  private func seconds(tile: Int) -> Double {
    Double(tile * tile) * workPerPair * (precision == .f64 ? 1.8e-9 : 0.8e-9)
  }

  /// How many numbers a pair of training images has in the store.
  package var valuesPerPair: Int { variants.count * kernels.count * (keepsGaps ? 2 : 1) }

  /// Bytes that a rank takes while it computes tiles, beside the images.
  package func assemblyBytes(tile: Int) -> Int {
    // With mirror images, the results of one term beside their sum.
    TileKernels.scratchBytes(program, precision, tile: tile, averagesMirrors: averagesMirrors)
      + valuesPerPair * 8 * tile * tile * (averagesMirrors ? 2 : 1)
  }

  /// Throws where the tiles of all ranks of a node do not fit into its memory.
  ///
  /// - Parameter memory: what the node has left beside the images, in bytes.
  package func checkMemory(train: Int, ranks: Int, memory: Int) throws {
    let tile = tile(train: train)
    let bytes = assemblyBytes(tile: tile)
    guard bytes * ranks > memory else { return }
    let widest = variants.lazy.compactMap(\.network.widestLayer).first
    var fitting = tile
    while fitting > 1 && assemblyBytes(tile: fitting) * ranks > memory { fitting /= 2 }
    throw Refusal(
      .badJob,
      String(
        format: "a tile of %d images takes %.1f GB of memory on each rank%@, and this node has "
          + "%.1f GB for its %@; %@",
        tile, Double(bytes) * 1e-9,
        widest.map { ", most of it for what the network's \($0) needs of every pixel" } ?? "",
        Double(memory) * 1e-9, ranks == 1 ? "one rank" : "\(ranks) ranks",
        assemblyBytes(tile: fitting) * ranks > memory
          ? "use fewer ranks per node" : "set tile: \(fitting)"))
  }

  /// What the tiles of a variant are of; the images' part is nil where they were not read.
  package func fingerprint(variant: Int, data: DataOutline, imageDigest: UInt64?) -> Fingerprint {
    var fingerprint = Fingerprint([
      "format": "1",
      "network": variants[variant].text,
      "preprocessing": preprocessing,
      "train": "\(data.trainCount)",
      "test": "\(data.testCount)",
      "precision": precision.rawValue,
    ])
    // Left out where there is none, so that older stores remain what they are. Sums over vectors
    // of another length round differently.
    fingerprint["NTK_DIST_ISA"] = Processor.level
    if average.flip { fingerprint["mirror average"] = "yes" }
    if average.shift > 0 { fingerprint["shift average"] = "\(average.shift)" }
    fingerprint["images"] = imageDigest.map { String($0, radix: 16) }
    fingerprint["labels"] = String(data.labelDigest, radix: 16)
    return fingerprint
  }
}
