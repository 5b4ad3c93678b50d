import DurableFiles
import Failures
import Foundation
import Jobs

/// `summary.json`: the figures of a run, stage by stage, with residuals and timings.
struct Summary: Codable, Equatable {
  /// The version of this file's format.
  var format = 1
  /// The job's data, as used.
  var data: DataSummary?
  /// The variants of the network by name, each with what was found.
  var variants: [VariantSummary] = []
  /// The last assembly that computed anything.
  var assembly: AssemblySummary?

  struct DataSummary: Codable, Equatable {
    var train: Int
    var test: Int
    var classes: Int
    var shape: [Int]
    var preprocessing: String
    /// Fingerprint of the raw images and labels, hexadecimal.
    var digest: String
  }

  struct VariantSummary: Codable, Equatable {
    var name: String
    var network: String
    /// Where the network is a preset that mean-field theory knows.
    var theory: TheorySummary?
    var nngp: KernelSummary?
    var ntk: KernelSummary?
  }

  struct KernelSummary: Codable, Equatable {
    var spectrum: SpectrumSummary?
    /// Of the kernel centred on the training images, without the constant vector's own zero.
    var centredSpectrum: SpectrumSummary?
    var prediction: PredictionSummary?
    var training: TrainingSummary?
    var alignment: AlignmentSummary?
  }

  struct AssemblySummary: Codable, Equatable {
    var tiles: Int
    var tilesComputed: Int
    var tilesRepaired: Int
    var pairsComputed: Int
    var seconds: Double
    var ranks: Int
  }

  subscript(variant: Int, kernel: KernelKind) -> KernelSummary? {
    get { variants[variant][kernel] }
    set { variants[variant][kernel] = newValue }
  }
}

extension Summary.VariantSummary {
  subscript(kernel: KernelKind) -> Summary.KernelSummary? {
    get { kernel == .nngp ? nngp : ntk }
    set {
      switch kernel {
      case .nngp: nngp = newValue
      case .ntk: ntk = newValue
      }
    }
  }
}

extension Summary {
  /// Reads a run's summary, an empty one where there is none yet.
  static func read(_ run: RunFolder, disk: Disk = Disk()) throws -> Summary {
    guard try disk.exists(run.summary) else { return Summary() }
    do {
      return try JSONText.value(Summary.self, try disk.read(run.summary))
    } catch is DecodingError {
      throw Refusal(
        .badData, "\(run.summary) is not a summary that ntk-dist wrote; remove it and run again")
    }
  }

  /// Publishes the summary. Local, on rank 0.
  func write(_ run: RunFolder, disk: Disk = Disk()) throws {
    try disk.publish(try JSONText.bytes(self), to: run.summary)
  }
}
