import Assembly
import DistributedAlgebra
import Failures
import Foundation
import Generalization
import Jobs
import MessagePassing
import NumPyFiles
import RankProgram
import Results
import TileStore

/// Computes what a kernel's eigenvalues, and the weights of the targets in its eigenvectors, predict about learning.
/// Also measures learning from subsets of the training images.
package struct GeneralizationStage: KernelStage {
  let setting: StageSetting
  private let request: GeneralizationRequest

  package init(_ request: GeneralizationRequest, _ setting: StageSetting) {
    (self.request, self.setting) = (request, setting)
  }

  private var offset: Double { request.targetOffset ?? 1 / Double(data.classes) }

  /// Computes the figures of one kernel from the files of its spectrum.
  ///
  /// Collective. Errors: files that are missing or have another shape, damaged or missing tiles; agreed by all ranks.
  package func perform(
    variant: Int, kernel: KernelKind, spectrum: SpectrumSummary
  ) throws -> GeneralizationSummary {
    let start = MPIEnvironment.seconds
    let array = try store.array(variant: variant, kernel: kernel, part: .train)
    let subject = SpectrumSubject(assignment, variant: variant, kernel: kernel, isCentred: false)
    let (mean, spread) = try moments(ofDiagonal: array)
    let ridges = request.regularization.map { request.scale == .relative ? $0 * mean : $0 }
    let subsets = SubsetLearning(
      setting: setting, array: array, label: subject.label, offset: offset,
      ridges: ridges)
    let measured = try request.samples.map { count in
      try subsets.measure(samples: count, draws: request.draws, seed: request.seed)
    }
    let found: GeneralizationSummary? = try ranks.agree {
      guard ranks.isRoot else { return nil }
      let targets = try targetSpectrum(subject, floor: spectrum.noiseFloor)
      return summary(
        targets, spectrum, mean: mean, spread: spread, ridges: ridges, measured: measured)
    }
    // Only rank 0's summary is used; the placeholders of the other ranks are discarded.
    var result = try ranks.shared(found ?? .none(targetOffset: offset))
    result.seconds = MPIEnvironment.seconds - start
    return result
  }

  /// The mean of the diagonal, and its standard deviation divided by the mean, from the tiles on the diagonal.
  /// Collective.
  private func moments(ofDiagonal array: TileArray) throws -> (mean: Double, spread: Double) {
    let diagonal = try TileShare(of: array, ranks: ranks).diagonal(order: n, ranks: ranks)
    let mean = diagonal.reduce(0, +) / Double(n)
    let square = diagonal.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
    return (mean, mean > 0 ? square.squareRoot() / mean : 0)
  }

  /// Reads the eigenvalues and weights that the spectrum stage has written. Local.
  private func targetSpectrum(
    _ subject: SpectrumSubject, floor: Double
  ) throws -> TargetSpectrum {
    func read(_ suffix: String, _ shape: [Int]) throws -> [Double] {
      let path = run.result("spectrum", subject.variantName, subject.stem + suffix + ".npy")
      let array = try NumPyArray(reading: path)
      guard array.shape == shape else {
        throw Refusal(
          .badData,
          "\(path) holds an array of \(array.shape) and \(shape) is needed; run `ntk-dist spectrum` "
            + "with this job")
      }
      return array.doubles
    }
    return TargetSpectrum(
      ascending: try read("", [n]), weights: try read("_weights", [n, data.classes]),
      outputs: data.classes, floor: floor)
  }

  /// Computes all figures that follow from the spectrum alone. Local.
  private func summary(
    _ targets: TargetSpectrum, _ spectrum: SpectrumSummary, mean: Double, spread: Double,
    ridges: [Double], measured: [[GeneralizationSummary.Measurement?]]
  ) -> GeneralizationSummary {
    let curve = LearningCurve(targets, floor: spectrum.noiseFloor)
    let window = PowerLaw.window(of: n)
    let counts = LearningCurve.samples(upTo: n - 1)
    let regularizations = zip(request.regularization, ridges).enumerated().map { index, ridge in
      let measured = measured.compactMap { row -> GeneralizationSummary.Measurement? in
        guard var found = row[index] else { return nil }
        found.predictedTestError =
          curve.point(samples: found.samples, ridge: ridge.1)?.testError
        return found
      }
      return GeneralizationSummary.Ridge(
        regularization: ridge.0, ridge: ridge.1,
        // If the smallest eigenvalue of K + s I is not above the noise floor, the inverse is meaningless.
        spectrum.lambdaMin + ridge.1 > spectrum.noiseFloor
          ? RidgeFigures(targets, ridge: ridge.1) : nil,
        learningCurve: counts.compactMap {
          curve.point(samples: $0, ridge: ridge.1).map(GeneralizationSummary.Point.init)
        },
        measured: measured)
    }
    return GeneralizationSummary(
      targetOffset: offset, meanDiagonal: mean, diagonalSpread: spread,
      effectiveDimensions: .init(EffectiveDimensions(targets.values, floor: spectrum.noiseFloor)),
      powerLaws: .init(
        eigenvalues: window.flatMap {
          PowerLaw(targets.values, window: $0, floor: spectrum.noiseFloor)
        },
        targets: window.flatMap { PowerLaw(targets.tails, window: $0) }),
      trainingCurve: TrainingCurve(targets).points(floor: spectrum.noiseFloor).map(
        GeneralizationSummary.Loss.init), regularizations: regularizations, seconds: 0)
  }
}

extension GeneralizationSummary {
  /// A placeholder for ranks that compute no summary.
  fileprivate static func none(targetOffset: Double) -> GeneralizationSummary {
    GeneralizationSummary(
      targetOffset: targetOffset, meanDiagonal: 0, diagonalSpread: 0,
      effectiveDimensions: .init(EffectiveDimensions([], floor: 0)),
      powerLaws: .init(eigenvalues: nil, targets: nil), trainingCurve: [], regularizations: [],
      seconds: 0)
  }
}
