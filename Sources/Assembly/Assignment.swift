import Datasets
import Failures
import Jobs
import RecursionCore
import Results
import TileStore

/// What a run computes, with the network checked: the part of a job that all stages share.
package struct Assignment {
  /// One network of the job, or what stands in place of one.
  package struct Variant {
    /// What varies, for example `depth=30`; empty where nothing does.
    package let name: String
    /// The values of what varies, by their keys in the job.
    package let parameters: [String: Double]
    /// nil where the kernels are of none.
    package let network: Network?
    /// The network on one line, for the fingerprint.
    package let text: String
    /// As mean-field theory sees it; nil where it does not.
    package let uniform: UniformNetwork?
  }

  /// What the tiles come from.
  package enum Origin {
    /// Networks, from whose recursions they are computed.
    case networks(NetworkWork)
    /// Matrices that are imported.
    case kernel(KernelFiles)
    /// Features, whose products they are.
    case features(FeatureWork)
  }

  package let run: RunFolder
  package let origin: Origin
  package let variants: [Variant]
  package let kernels: [KernelKind]
  package let precision: Precision
  package let storage: TileArraySpec.Storage
  let requestedTile: Int?
  /// Whether finished tiles are packed into shards.
  let packsTiles: Bool
  /// Whether the training images' gaps are kept beside their kernels.
  package let keepsGaps: Bool
  /// Whether the kernels of test images with themselves are known.
  package let hasTestDiagonal: Bool
  /// How the images were preprocessed, for the fingerprint.
  package let preprocessing: String

  /// The assignment of a job whose results go to `run`.
  ///
  /// - Parameter imageShape: [H, W, C] or [D] where it is known; else it is read from the data.
  ///
  /// Errors: `NetworkError` for a composition that makes no sense, before any data is read.
  package init(_ job: Job, run: RunFolder, imageShape: [Int]? = nil) throws {
    self.run = run
    kernels = job.kernels
    precision = job.precision == .f64 ? .f64 : .f32
    storage = job.storage == .f64 ? .float64 : .float32
    requestedTile = job.tile
    packsTiles = (job.store ?? StoreSection()).shards
    keepsGaps = job.spectrum?.centred ?? false
    switch job.origin {
    case .network(let section):
      variants = try NetworkWork.variants(section, job, imageShape)
      origin = .networks(NetworkWork(variants.compactMap(\.network), job, precision))
      hasTestDiagonal = true
      // A reduction is left out where there is none, so that older stores remain what they are.
      preprocessing =
        (job.data.reduction == 1 ? "" : "reduced \(job.data.reduction)-fold, ")
        + job.data.preprocessing.text
    case .kernel(let section):
      origin = .kernel(try KernelFiles(section, run: run))
      variants = [
        Variant(name: "", parameters: [:], network: nil, text: "given kernel", uniform: nil)
      ]
      hasTestDiagonal = section.testDiagonal != nil
      preprocessing = Preprocessing.none.text
    case .features(let section):
      origin = .features(try FeatureWork(section))
      variants = section.variantNames.map {
        Variant(
          name: $0, parameters: [:], network: nil,
          text: "features \(section.canonicalText)" + ($0.isEmpty ? "" : " " + $0), uniform: nil)
      }
      hasTestDiagonal = true
      preprocessing = Preprocessing.none.text
    }
  }

  /// The networks' part; nil where the kernels are of none.
  package var networks: NetworkWork? {
    if case .networks(let work) = origin { work } else { nil }
  }

  /// Whether the kernels are averaged over mirror images, which the images then come with.
  package var averagesMirrors: Bool { networks?.averagesMirrors ?? false }

  /// Whether there are convolutions.
  package var usesPixels: Bool { networks?.usesPixels ?? false }

  /// What one pair of images costs: 1, or pairs of pixels times layers where there are convolutions.
  package var workPerPair: Double { networks?.workPerPair ?? 1 }

  /// What kernels are of, in the plural, for messages.
  package var subjects: String { networks == nil ? "points" : "images" }

  /// Throws where the images that were found do not do for the networks or the prediction.
  package func check(_ data: DataOutline, job: Job) throws {
    try NetworkWork.check(job, imageShape: data.shape)
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
        "the job asks for \(section) and has no training labels; set "
          + (networks == nil ? "data.labels.train" : "data.arrays.train_labels"))
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
        "alignment.targets names eigenvector \(last) and \(train) training \(subjects) have \(train)"
      )
    }
  }

  /// Whether the kernels' elements are computed or stored in single precision.
  package var hasSingleElements: Bool {
    if case .kernel(let files) = origin, files.hasSingleElements { return true }
    return precision == .f32 || storage == .float32
  }

  /// A variant's kernel as messages name it, for example `depth=30 ntk`.
  package func label(_ variant: Int, _ kernel: KernelKind) -> String {
    Self.label(variants[variant].name, kernel)
  }

  /// The same by the variant's name.
  package static func label(_ variant: String, _ kernel: KernelKind) -> String {
    (variant.isEmpty ? "" : variant + " ") + kernel.rawValue
  }
}
