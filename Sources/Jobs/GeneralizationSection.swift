import Failures
import JobDocuments

/// A job's `generalization`: what the spectrum and the weights of the targets predict about
/// learning. For comparison, it can also learn from subsets of the training images.
public struct GeneralizationSection: Sendable, Equatable {
  /// The regularizations to predict for; nil for the regularizations of the prediction.
  public var regularization: [Double]?
  /// The numbers of training images to learn from. The results are compared with the predictions.
  public var samples: [Int]
  /// The number of random subsets of each size.
  public var draws: Int
  /// The seed with which the subsets are drawn.
  public var seed: Int

  /// Predictions without measurements.
  public init() {
    (regularization, samples, draws, seed) = (nil, [], 3, 0)
  }
}

extension GeneralizationSection {
  static let keys = SectionKeys<GeneralizationSection>([
    Key(
      "regularization", optional: \.regularization,
      .list(of: .number(atLeast: 0), "numbers, 0 or more", example: "[0, 1.0e-2]"),
      absent: .words("those of the prediction, or [1.0e-4, 1.0e-2]"),
      "Regularizations to predict for, in units of the mean of the kernel's diagonal."),
    Key(
      "samples", \.samples,
      .ascending(
        .count(atLeast: 1), "numbers of images", example: "[100, 1000]", isEmptyAllowed: true),
      "Numbers of training images to learn from; the squared error on the other training images is "
        + "measured beside the one that the spectrum predicts."),
    Key(
      "draws", \.draws, .count(atLeast: 1),
      "Random subsets of each of these sizes."),
    Key(
      "seed", \.seed, .count(atLeast: 0), "The seed of the subsets."),
  ])

  static let form = keys.form(from: GeneralizationSection())

  /// Throws if the section (`item`) asks for something that the spectrum or the data do not have.
  /// Errors: conflict, outOfRange.
  func check(_ item: Item, spectrum: SpectrumSection?, trainCount: Int?) throws(JobError) {
    guard spectrum?.weights == true else {
      throw item.error(
        .conflict,
        "\(item.path) needs the targets' weights in the eigenvectors and the job does not ask for "
          + "them; set spectrum: {weights: true}")
    }
    guard let trainCount else { return }
    if let list = item["samples"] {
      for (index, count) in samples.enumerated() where count >= trainCount {
        throw (list["\(index)"] ?? list).outOfRange(allowed: "less than data.train, \(trainCount)")
      }
    }
    // Without samples, nothing is drawn.
    if !samples.isEmpty, let drawsItem = item["draws"], draws > trainCount {
      throw drawsItem.outOfRange(allowed: "at most data.train, \(trainCount)")
    }
  }
}

/// The request that the spectrum and the weights are to answer, including everything that depends on other sections.
public struct GeneralizationRequest: Sendable, Equatable {
  /// The regularizations.
  public let regularization: [Double]
  /// The unit of the regularizations.
  public let scale: PredictionSection.RegularizationScale
  /// The number that is subtracted from one-hot targets; nil for 1 / classes.
  public let targetOffset: Double?
  /// The numbers of training images to learn from.
  public let samples: [Int]
  /// The number of random subsets of each size.
  public let draws: Int
  /// The seed with which the subsets are drawn.
  public let seed: Int

  /// Everything that determines the results, as text.
  package var question: String {
    "regularization \(regularization) \(scale.rawValue), target offset "
      + (targetOffset.map { "\($0)" } ?? "1 / classes") + ", samples \(samples)"
      + (samples.isEmpty ? "" : ", draws \(draws), seed \(seed)")
  }
}

extension GeneralizationRequest {
  /// Throws if the request needs more training images than there are. Errors: badJob.
  package func check(images n: Int) throws(Refusal) {
    if let most = samples.last, most >= n {
      throw Refusal(
        .badJob,
        "generalization.samples has \(most) and there are \(n) training images; all numbers must be less"
      )
    }
    guard !samples.isEmpty, draws > n else { return }
    throw Refusal(
      .badJob,
      "generalization.draws is \(draws) and there are \(n) training images; set it to at most \(n)")
  }
}

extension Job {
  /// The predictions that are requested of the spectrum; nil if its weights are not requested.
  public var generalizationRequest: GeneralizationRequest? {
    guard let spectrum, spectrum.weights else { return nil }
    let section = generalization ?? GeneralizationSection()
    let inherited = section.regularization == nil ? prediction : nil
    return GeneralizationRequest(
      regularization: section.regularization ?? inherited?.regularization ?? [1e-4, 1e-2],
      scale: inherited?.regularizationScale ?? .relative, targetOffset: spectrum.targetOffset,
      samples: section.samples, draws: section.draws, seed: section.seed)
  }
}
