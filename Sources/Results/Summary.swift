import DurableFiles
import Failures
import Foundation
import Jobs
import RecursionCore

/// `summary.json`: the figures of a run, stage by stage, with residuals and timings.
package struct Summary: Codable, Equatable {
  /// The version of this file's format.
  package var format = 1
  /// The job's data, as used.
  package var data: DataSummary?
  /// The variants of the network by name, each with its results.
  package var variants: [VariantSummary] = []
  /// The last assembly that computed anything.
  package var assembly: AssemblySummary?

  package init(
    format: Int = 1, data: DataSummary? = nil, variants: [VariantSummary] = [],
    assembly: AssemblySummary? = nil
  ) {
    self.format = format
    self.data = data
    self.variants = variants
    self.assembly = assembly
  }

  package struct DataSummary: Codable, Equatable {
    package var train: Int
    package var test: Int
    package var classes: Int
    package var shape: [Int]
    package var preprocessing: String
    /// The fingerprint of the raw images and labels, or of the matrices, in hexadecimal.
    package var digest: String
    /// The fingerprint of the labels, if `digest` covers only matrices.
    package var labels: String?

    package init(
      train: Int, test: Int, classes: Int, shape: [Int], preprocessing: String, digest: String,
      labels: String? = nil
    ) {
      self.train = train
      self.test = test
      self.classes = classes
      self.shape = shape
      self.preprocessing = preprocessing
      self.digest = digest
      self.labels = labels
    }
  }

  package struct VariantSummary: Codable, Equatable {
    package var name: String
    package var network: String
    /// The digest of what the results depend on: the data, the network, the precision.
    package var origin: String?
    /// The parameters that vary between the variants, by their keys in the job, for example `weight_variance`.
    package var parameters: [String: Double]?
    /// The theory of the network, if it is a preset that mean-field theory covers.
    package var theory: TheorySummary?
    /// How activations without a closed form are computed, and how accurately.
    package var activations: [ActivationCertificate]?
    package var nngp: KernelSummary?
    package var ntk: KernelSummary?
    /// The kernel that does not come from a network of infinite width.
    package var kernel: KernelSummary?

    package init(
      name: String, network: String, parameters: [String: Double]? = nil,
      theory: TheorySummary? = nil, nngp: KernelSummary? = nil,
      ntk: KernelSummary? = nil, kernel: KernelSummary? = nil
    ) {
      self.name = name
      self.network = network
      self.parameters = parameters
      self.theory = theory
      self.nngp = nngp
      self.ntk = ntk
      self.kernel = kernel
    }
  }

  package struct KernelSummary: Codable, Equatable {
    package var spectrum: SpectrumSummary?
    /// The spectrum of the kernel centered on the training images, without the zero eigenvalue of
    /// the constant vector.
    package var centredSpectrum: SpectrumSummary?
    /// The density computed by stochastic Lanczos quadrature.
    package var density: DensitySummary?
    package var prediction: PredictionSummary?
    package var training: TrainingSummary?
    package var alignment: AlignmentSummary?
    package var generalization: GeneralizationSummary?

    package init(
      spectrum: SpectrumSummary? = nil, centredSpectrum: SpectrumSummary? = nil,
      prediction: PredictionSummary? = nil, training: TrainingSummary? = nil,
      alignment: AlignmentSummary? = nil, generalization: GeneralizationSummary? = nil
    ) {
      self.spectrum = spectrum
      self.centredSpectrum = centredSpectrum
      self.prediction = prediction
      self.training = training
      self.alignment = alignment
      self.generalization = generalization
    }
  }

  package struct AssemblySummary: Codable, Equatable {
    package var tiles: Int
    package var tilesComputed: Int
    package var tilesRepaired: Int
    package var pairsComputed: Int
    package var seconds: Double
    package var ranks: Int

    package init(
      tiles: Int, tilesComputed: Int, tilesRepaired: Int, pairsComputed: Int, seconds: Double,
      ranks: Int
    ) {
      self.tiles = tiles
      self.tilesComputed = tilesComputed
      self.tilesRepaired = tilesRepaired
      self.pairsComputed = pairsComputed
      self.seconds = seconds
      self.ranks = ranks
    }
  }

  package subscript(variant: Int, kernel: KernelKind) -> KernelSummary? {
    get { variants[variant][kernel] }
    set { variants[variant][kernel] = newValue }
  }
}

extension Summary.VariantSummary {
  /// Whether any stage has a result for any kernel.
  package var hasResults: Bool {
    KernelKind.allCases.contains { self[$0].map { $0 != Summary.KernelSummary() } ?? false }
  }

  package subscript(kernel: KernelKind) -> Summary.KernelSummary? {
    get {
      switch kernel {
      case .nngp: nngp
      case .ntk: ntk
      case .given: self.kernel
      }
    }
    set {
      switch kernel {
      case .nngp: nngp = newValue
      case .ntk: ntk = newValue
      case .given: self.kernel = newValue
      }
    }
  }
}

extension Summary {
  /// Removes the results that depend on labels.
  package mutating func forgetLearning() {
    for variant in variants.indices {
      for kernel in KernelKind.allCases {
        variants[variant][kernel]?.prediction = nil
        variants[variant][kernel]?.training = nil
        variants[variant][kernel]?.alignment = nil
        variants[variant][kernel]?.generalization = nil
        // The weights of the targets are computed together with the eigenvalues.
        if variants[variant][kernel]?.spectrum?.weights != nil {
          variants[variant][kernel]?.spectrum = nil
        }
      }
    }
  }

  /// Reads the summary of a run; an empty summary if there is none yet.
  package static func read(_ run: RunFolder, disk: Disk = Disk()) throws -> Summary {
    guard try disk.exists(run.summary) else { return Summary() }
    do {
      return try JSONText.value(
        Summary.self, try disk.read(run.summary, limit: RunFolder.largestRecord))
    } catch is DecodingError {
      throw Refusal(
        .badData, "\(run.summary) is not a summary that ntk-dist wrote; remove it and run again")
    }
  }

  /// Publishes the summary. Local, on rank 0.
  package func write(_ run: RunFolder, disk: Disk = Disk()) throws {
    try disk.publish(try JSONText.bytes(self), to: run.summary)
  }
}
