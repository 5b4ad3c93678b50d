import Datasets
import Jobs
import RecursionCore
import TileStore

/// What a run computes, with the network checked: the part of a job that all stages share.
struct Assignment {
  /// One network of the job.
  struct Variant {
    /// What varies, for example `depth=30`; empty where nothing does.
    let name: String
    let network: Network
    /// The network on one line, for the fingerprint.
    let text: String
  }

  let run: RunFolder
  let variants: [Variant]
  let kernels: [KernelKind]
  let precision: Precision
  let storage: TileArraySpec.Storage
  let requestedTile: Int?
  /// How the images were preprocessed, for the fingerprint.
  let preprocessing: String

  /// The assignment of a job whose results go to `run`.
  ///
  /// Errors: `NetworkError` for a composition that makes no sense, before any data is read.
  init(_ job: Job, run: RunFolder) throws {
    self.run = run
    // The shape is known with the data only; images of any size are alike to these layers.
    let shape = job.data.mayBeFlat ? [1] : [32, 32, 3]
    variants = try job.variants.map {
      Variant(
        name: $0.name, network: try Network($0.layers, imageShape: shape), text: $0.canonicalText)
    }
    kernels = job.kernels
    precision = job.precision == .f64 ? .f64 : .f32
    storage = job.storage == .f64 ? .float64 : .float32
    requestedTile = job.tile
    preprocessing = DatasetRequest(job.data).preprocessing.text
  }

  /// Throws where the images that were found do not do for the networks or the prediction.
  func check(_ data: DataOutline, job: Job) throws {
    for variant in job.variants { _ = try Network(variant.layers, imageShape: data.shape) }
    guard job.prediction != nil else { return }
    guard data.testCount > 0 else {
      throw PipelineError(.badJob, "prediction is asked for without test images; set data.test")
    }
    guard !data.trainLabels.isEmpty else {
      throw PipelineError(
        .badJob, "prediction is asked for without training labels; give data.arrays.train_labels")
    }
  }

  /// All networks compiled into one pass.
  var program: Program { Program(variants.map(\.network)) }

  /// The edge of a tile: what the job says, else what suits the number of training images; never
  /// the number of ranks, because the tiles' bytes must not depend on it.
  func tile(train: Int) -> Int {
    if let requestedTile { return requestedTile }
    // About eight tiles along an edge, in whole blocks of the recursion core.
    let eighth = (train / 8 + 63) / 64 * 64
    return min(max(eighth, 64), 512)
  }

  /// What the tiles of a variant are of; the images' part is nil where they were not read.
  func fingerprint(variant: Int, data: DataOutline, imageDigest: UInt64?) -> Fingerprint {
    var fingerprint = Fingerprint([
      "format": "1",
      "network": variants[variant].text,
      "preprocessing": preprocessing,
      "train": "\(data.trainCount)",
      "test": "\(data.testCount)",
      "precision": precision.rawValue,
    ])
    fingerprint["images"] = imageDigest.map { String($0, radix: 16) }
    fingerprint["labels"] = String(data.labelDigest, radix: 16)
    return fingerprint
  }
}
