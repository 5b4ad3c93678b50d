import DurableFiles
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
    var nngp: KernelSummary?
    var ntk: KernelSummary?
  }

  struct KernelSummary: Codable, Equatable {
    var spectrum: SpectrumSummary?
    var prediction: PredictionSummary?
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
    get { kernel == .nngp ? variants[variant].nngp : variants[variant].ntk }
    set {
      switch kernel {
      case .nngp: variants[variant].nngp = newValue
      case .ntk: variants[variant].ntk = newValue
      }
    }
  }
}

/// A spectrum and how far it can be trusted; eps = 2^-52, norms as said.
struct SpectrumSummary: Codable, Equatable {
  var routine: String
  /// Why this routine.
  var reason: String?
  /// The numbers that the matrix was decomposed in.
  var precision: String?
  var n: Int
  var lambdaMax: Double
  var lambdaMin: Double
  /// lambda_max / lambda_min; absent where lambda_min is not above the noise floor.
  var conditionNumber: Double?
  /// Eigenvalues below it are rounding: n eps lambda_max; in f32, eps (2^-23) times the trace.
  var noiseFloor: Double
  var belowNoiseFloor: Int
  var trace: Double
  /// |sum of the eigenvalues - trace| / trace.
  var traceError: Double
  /// |sum of their squares - squared Frobenius norm| / squared Frobenius norm.
  var frobeniusError: Double
  var eigenvectors: Int
  /// |AQ - QW|_1 / (n eps |A|_1), with eigenvectors.
  var residual: Double?
  /// |Q'Q - I|_1 / (n eps), with eigenvectors.
  var orthogonality: Double?
  /// How the eigenvectors were found, where not by the routine of the eigenvalues, and the largest
  /// difference of its eigenvalues from those, over lambda_max.
  var vectorRoutine: String?
  var leadingValueError: Double?
  var grid: [Int]
  var blockSize: Int
  var secondsReading: Double
  var secondsSolving: Double
  var secondsChecking: Double
  /// Of block Lanczos, its reading included.
  var secondsVectors: Double?
  /// Of writing states for a restart.
  var secondsSavingState: Double?
}

/// Kernel regression at every regularization asked for.
struct PredictionSummary: Codable, Equatable {
  var testLabelsKnown: Bool
  /// The mean of the kernel's diagonal, which regularizations are relative to.
  var meanDiagonal: Double
  /// Training images held out to choose the regularization; 0 for no choice.
  var validation: Int?
  /// What was subtracted from one-hot targets.
  var targetOffset: Double?
  var regularizations: [RegularizedSummary]
  var grid: [Int]
  var blockSize: Int
  var secondsPredicting: Double

  struct RegularizedSummary: Codable, Equatable {
    var regularization: Double
    /// Why there is no solution, where there is none.
    var failure: String?
    /// The part of the test images whose largest prediction is their class.
    var accuracy: Double?
    var correct: Int?
    /// Mean over images and classes of the squared error of the targets.
    var meanSquaredError: Double?
    /// Test images by class (rows) and prediction (columns).
    var confusion: [[Int]]?
    /// On the held-out training images, from the others alone.
    var validationAccuracy: Double?
    var validationMeanSquaredError: Double?
    /// Whether the held-out images prefer this one.
    var isChosen: Bool?
    /// Every training image predicted from all others.
    var leaveOneOut: RegressionScore?
    /// Of the Gaussian process's function at the test images.
    var meanPosteriorVariance: Double?
    /// |Ax - b|_1 / (n eps |A|_1 |x|_1).
    var residual: Double?
    /// Of conjugate gradients, where regularizations shared a factor.
    var iterations: Int?
    /// Of the Cholesky factorization, where it has one of its own.
    var secondsFactorizing: Double?
    /// Of the factorization and the solution.
    var secondsSolving = 0.0
  }
}

extension PredictionSummary {
  /// Whether this is what a job asks for of a kernel.
  func answers(_ section: PredictionSection, _ kernel: KernelKind, _ classes: Int) -> Bool {
    let wantsVariance = section.variance && kernel == .nngp
    return regularizations.map(\.regularization) == section.regularization
      && validation ?? 0 == section.validation
      && targetOffset == (section.targetOffset ?? 1 / Double(classes))
      && (!section.leaveOneOut || regularizations.contains { $0.leaveOneOut != nil })
      && wantsVariance == regularizations.contains { $0.meanPosteriorVariance != nil }
  }
}

extension Summary {
  /// Reads a run's summary, an empty one where there is none yet.
  static func read(_ run: RunFolder, disk: Disk = Disk()) throws -> Summary {
    guard try disk.exists(run.summary) else { return Summary() }
    do {
      return try JSONText.value(Summary.self, try disk.read(run.summary))
    } catch is DecodingError {
      throw PipelineError(
        .badData, "\(run.summary) is not a summary that ntk-dist wrote; remove it and run again")
    }
  }

  /// Publishes the summary. Local, on rank 0.
  func write(_ run: RunFolder, disk: Disk = Disk()) throws {
    try disk.publish(try JSONText.bytes(self), to: run.summary)
  }
}
