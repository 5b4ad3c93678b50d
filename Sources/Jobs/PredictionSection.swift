/// A job's `prediction`: kernel regression on the training images, evaluated on the test images.
public struct PredictionSection: Sendable, Equatable {
  /// The ridges tried.
  public var regularization: [Double]
  /// What the ridges are in units of.
  public var regularizationScale: RegularizationScale
  /// Training images, the last ones, that are held out to choose the ridge; 0 for no choice.
  public var validation: Int
  /// What is subtracted from one-hot targets; nil for 1 / classes.
  public var targetOffset: Double?

  /// What is subtracted from one-hot targets of so many classes.
  public func targetOffset(classes: Int) -> Double { targetOffset ?? 1 / Double(classes) }
  /// Whether the posterior variance at the test images is wanted, with the kernel as covariance.
  public var variance: Bool
  /// Whether the leave-one-out error of the training images is wanted.
  public var leaveOneOut: Bool

  /// A unit of regularization.
  public enum RegularizationScale: String, Sendable, CaseIterable {
    /// The mean of the kernel's diagonal.
    case relative
    /// 1.
    case absolute
  }

  /// A prediction with as many regularizations.
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
  static let keys = [
    "regularization", "regularization_scale", "validation", "target_offset", "variance",
    "leave_one_out",
  ]

  /// Reads the section; `trainCount` is the number of training images where it is known.
  init(_ item: Item, trainCount: Int?) throws(JobError) {
    let section = try item.section(Self.keys)
    let list = try section.required("regularization", "list the ridges to try, e.g. [0, 1.0e-4]")
    var ridges: [Double] = []
    for element in try list.elements(of: "a list of numbers, e.g. [0, 1.0e-4]") {
      ridges.append(try element.number(atLeast: 0))
    }
    guard !ridges.isEmpty else {
      throw list.outOfRange(allowed: "a list of at least one number")
    }
    self.init(regularization: ridges)
    if let item = section["regularization_scale"] {
      regularizationScale = try item.choice(RegularizationScale.self)
    }
    if let item = section["validation"] {
      validation = try item.count(atLeast: 0)
      if let trainCount, validation >= trainCount {
        throw item.outOfRange(allowed: "less than data.train, \(trainCount)")
      }
    }
    targetOffset = try section["target_offset"]?.number(atLeast: 0)
    if let item = section["variance"] { variance = try item.flag() }
    if let item = section["leave_one_out"] { leaveOneOut = try item.flag() }
  }

  var text: YAMLText {
    var entries: [(key: String, value: YAMLText)] = [
      ("regularization", .list(regularization.map(YAMLText.number))),
      ("regularization_scale", .text(regularizationScale.rawValue)),
      ("validation", .scalar("\(validation)")), ("variance", .scalar("\(variance)")),
      ("leave_one_out", .scalar("\(leaveOneOut)")),
    ]
    if let targetOffset { entries.append(("target_offset", .number(targetOffset))) }
    return .mapping(entries)
  }
}
