import Datasets
import Failures
import Jobs
import RecursionCore
import Results
import TileStore

/// What a run computes: the part of a job that all stages share, with the network checked.
package struct Assignment {
  /// One network of the job, or an entry that stands for given kernels or features.
  package struct Variant {
    /// The name, which lists the values of what varies, for example `depth=30`; empty if nothing varies.
    package let name: String
    /// The values of what varies, by their keys in the job.
    package let parameters: [String: Double]
    /// The network; nil if the kernels are not those of a network.
    package let network: Network?
    /// The network on one line, for the fingerprint.
    package let text: String
    /// The network in the form that mean-field theory uses; nil if the theory does not cover the network.
    package let uniform: UniformNetwork?
  }

  /// The source of the tiles.
  package enum Origin {
    /// Networks. The tiles are computed with their recursions.
    case networks(NetworkWork)
    /// Matrices. The tiles are imported from them.
    case kernel(KernelFiles)
    /// Features. The tiles are their products.
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
  /// Whether the gaps of the training images are kept next to their kernels.
  package let keepsGaps: Bool
  /// Whether the kernels of test images with themselves are known.
  package let hasTestDiagonal: Bool
  /// How the images were preprocessed, for the fingerprint.
  package let preprocessing: String

  /// Creates the assignment of a job whose results go to `run`.
  ///
  /// - Parameter imageShape: [H, W, C] or [D] if it is known; nil to read it from the data.
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
      // Without a reduction the text does not mention one, so that the fingerprints of older stores stay valid.
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

  /// The work for networks; nil if the kernels are not those of networks.
  package var networks: NetworkWork? {
    if case .networks(let work) = origin { work } else { nil }
  }

  /// Whether the kernels are averaged over mirror images. If so, the mirror images are loaded with the images.
  package var averagesMirrors: Bool { networks?.averagesMirrors ?? false }

  /// Whether the networks have convolutions.
  package var usesPixels: Bool { networks?.usesPixels ?? false }

  /// The cost of one pair of images: 1, or pairs of pixels times layers for networks with convolutions.
  package var workPerPair: Double { networks?.workPerPair ?? 1 }

  /// What the kernels compare, in the plural, for messages.
  package var subjects: String { networks == nil ? "points" : "images" }

  /// Throws if the data do not suit the networks or the tasks of the job.
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
    try checkCounts(job, train: data.trainCount, test: data.testCount)
  }

  /// Throws if the numbers of images do not suit the tasks of the job.
  package func checkCounts(_ job: Job, train: Int, test: Int) throws {
    try checkTileCount(train: train, test: test)
    if let section = job.prediction, section.validation >= train {
      throw Refusal(
        .badJob,
        "prediction.validation holds out \(section.validation) of \(train) training images; leave "
          + "some to learn from")
    }
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
      if !section.samples.isEmpty, section.draws > train {
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

  /// The label of a kernel of the variant with this name.
  package static func label(_ variant: String, _ kernel: KernelKind) -> String {
    (variant.isEmpty ? "" : variant + " ") + kernel.rawValue
  }
}
