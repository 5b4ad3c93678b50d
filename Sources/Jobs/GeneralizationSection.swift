import Failures
import JobDocuments

/// A job's `generalization`: what the spectrum and the targets' weights predict of learning, and learning
/// itself on subsets of the training images beside it.
public struct GeneralizationSection: Sendable, Equatable {
  /// The regularizations to predict for; nil for those of the prediction.
  public var regularization: [Double]?
  /// Numbers of training images to learn from, to be compared with what is predicted.
  public var samples: [Int]
  /// Random subsets of each size.
  public var draws: Int
  /// What the subsets are drawn with.
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

  /// Throws where the section (`item`) asks for what the spectrum or the data do not have. Errors:
  /// conflict, outOfRange.
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
    if let drawsItem = item["draws"], draws > trainCount {
      throw drawsItem.outOfRange(allowed: "at most data.train, \(trainCount)")
    }
  }
}

/// What is asked of the spectrum and the weights, with everything that depends on other sections.
public struct GeneralizationRequest: Sendable, Equatable {
  /// The regularizations.
  public let regularization: [Double]
  /// Their unit.
  public let scale: PredictionSection.RegularizationScale
  /// What is subtracted from one-hot targets; nil for 1 / classes.
  public let targetOffset: Double?
  /// Numbers of training images to learn from.
  public let samples: [Int]
  /// Random subsets of each size.
  public let draws: Int
  /// What they are drawn with.
  public let seed: Int

  /// What decides the figures.
  package var question: String {
    "regularization \(regularization) \(scale.rawValue), target offset "
      + (targetOffset.map { "\($0)" } ?? "1 / classes") + ", samples \(samples)"
      + (samples.isEmpty ? "" : ", draws \(draws), seed \(seed)")
  }
}

extension GeneralizationRequest {
  /// Throws where more is asked of so many training images than they have. Errors: badJob.
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
  /// What the spectrum is to predict; nil where its weights are not asked for.
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
