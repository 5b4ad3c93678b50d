import JobDocuments

/// A job's `prediction`: kernel regression on the training images, evaluated on the test images.
public struct PredictionSection: Sendable, Equatable {
  /// The regularizations to try.
  public var regularization: [Double]
  /// The unit of the regularizations.
  public var regularizationScale: RegularizationScale
  /// The number of training images, the last ones, that are held out to choose the regularization; 0 for no choice.
  public var validation: Int
  /// The number that is subtracted from one-hot targets; nil for 1 / classes.
  public var targetOffset: Double?
  /// Whether the posterior variance at the test images is computed.
  public var variance: Bool
  /// Whether the leave-one-out error of the training images is computed.
  public var leaveOneOut: Bool
  /// How the linear systems are solved.
  public var solver = Solver.auto
  /// Settings of the conjugate gradients; nil for the defaults.
  public var iteration: IterationSection?

  /// The number that is subtracted from one-hot targets with this number of classes.
  public func targetOffset(classes: Int) -> Double { targetOffset ?? 1 / Double(classes) }

  /// A unit of regularization.
  public enum RegularizationScale: String, Sendable, CaseIterable {
    /// The unit is the mean of the kernel's diagonal.
    case relative
    /// The unit is 1.
    case absolute
  }

  /// A way to solve linear systems.
  public enum Solver: String, Sendable, CaseIterable {
    /// The program chooses and reports why.
    case auto
    /// Cholesky factorization.
    case cholesky
    /// Preconditioned conjugate gradients.
    case cg
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
    Key(
      "solver", \.solver, .choice,
      "How the linear systems are solved: by `cholesky` factorization, which takes n^3 / 3 operations "
        + "and the memory of a triangle, or by conjugate gradients (`cg`), which take some n^2 per "
        + "iteration and less memory. `auto` chooses and says why."),
    Key(
      "cg", optional: \.iteration, IterationSection.form, absent: .words("the defaults"),
      "How conjugate gradients solve."),
  ])

  static let form = keys.form(from: PredictionSection(regularization: []))

  /// Throws if keys of the section (`item`) contradict each other or the number of training images,
  /// if that is known. Errors: outOfRange, conflict.
  func check(_ item: Item, trainCount: Int?) throws(JobError) {
    try checkSolver(item, trainCount: trainCount)
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
  /// Throws if the solver contradicts other keys. Results that use the inverse of the kernel need a factorization.
  private func checkSolver(_ item: Item, trainCount: Int?) throws(JobError) {
    if solver == .cg, variance || leaveOneOut {
      let key = variance ? "variance" : "leave_one_out"
      throw item.error(
        .conflict,
        "\(item.path).\(key) needs a factorization and \(item.path).solver is cg; set solver: cholesky, "
          + "or \(key): false")
    }
    if solver == .cholesky, let section = item["cg"] {
      throw section.error(
        .conflict,
        "\(section.path) is for conjugate gradients and \(item.path).solver is cholesky; leave one out"
      )
    }
    guard let trainCount, let rank = iteration?.rank, let section = item["cg"],
      let rankItem = section["rank"], rank > trainCount - validation
    else { return }
    throw rankItem.outOfRange(
      allowed: "at most the \(trainCount - validation) training images that are learned from")
  }
}
