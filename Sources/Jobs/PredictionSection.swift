import JobDocuments

/// A job's `prediction`: kernel regression on the training images, evaluated on the test images.
public struct PredictionSection: Sendable, Equatable {
  /// The regularizations to try.
  public var regularization: [Double]
  /// The unit of the regularizations.
  public var regularizationScale: RegularizationScale
  /// Training images, the last ones, held out to choose the regularization; 0 for no choice.
  public var validation: Int
  /// What is subtracted from one-hot targets; nil for 1 / classes.
  public var targetOffset: Double?
  /// Whether the posterior variance at the test images is computed.
  public var variance: Bool
  /// Whether the leave-one-out error of the training images is computed.
  public var leaveOneOut: Bool

  /// What is subtracted from one-hot targets, for a number of classes.
  public func targetOffset(classes: Int) -> Double { targetOffset ?? 1 / Double(classes) }

  /// A unit of regularization.
  public enum RegularizationScale: String, Sendable, CaseIterable {
    /// The mean of the kernel's diagonal.
    case relative
    /// 1.
    case absolute
  }

  /// A prediction with these regularizations.
  public init(
    regularization: [Double], validation: Int = 0, targetOffset: Double? = nil,
    variance: Bool = false, leaveOneOut: Bool = false
  ) {
    self.regularization = regularization
    regularizationScale = .relative
    self.validation = validation
    self.targetOffset = targetOffset
    self.variance = variance
    self.leaveOneOut = leaveOneOut
  }
}

extension PredictionSection {
  static let keys = SectionKeys<PredictionSection>([
    Key(
      "regularization", \.regularization,
      .list(of: .number(atLeast: 0), "numbers, 0 or more", example: "[0, 1.0e-4]"),
      absent: .required("list the values to try, e.g. [0, 1.0e-4]"),
      "Values to try, each added to the kernel's diagonal."),
    Key(
      "regularization_scale", \.regularizationScale, .choice,
      "The unit of the regularizations: the mean of the kernel's diagonal, or 1."),
    Key(
      "validation", \.validation, .count(atLeast: 0),
      "Training images, the last ones, that are held out to choose the regularization."),
    Key(
      "variance", \.variance, .flag,
      "Whether the posterior variance at the test images is computed."),
    Key(
      "leave_one_out", \.leaveOneOut, .flag,
      "Whether the leave-one-out error of the training images is computed."),
    Key(
      "target_offset", optional: \.targetOffset, .number(atLeast: 0), absent: .words("1 / classes"),
      "What is subtracted from one-hot targets."),
  ])

  static let form = keys.form(from: PredictionSection(regularization: []))

  /// Throws where keys of the section (`item`) contradict the number of training images, where that is
  /// known. Errors: outOfRange, conflict.
  func check(_ item: Item, trainCount: Int?) throws(JobError) {
    guard let trainCount else { return }
    if let validationItem = item["validation"], validation >= trainCount {
      throw validationItem.outOfRange(allowed: "less than data.train, \(trainCount)")
    }
    if leaveOneOut, trainCount == 1 {
      throw item.error(
        .conflict,
        "\(item.path).leave_one_out needs two training images or more, and data.train has 1; set "
          + "data.train, or leave_one_out: false")
    }
  }
}
