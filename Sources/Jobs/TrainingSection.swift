/// A job's `training`: gradient descent on all training images in function space, watched over time.
public struct TrainingSection: Sendable, Equatable {
  /// When to look: steps, or time in units of the learning rate; infinity is allowed.
  public var times: [Double]
  /// The learning rate, of a loss that is a mean over all outputs.
  public var learningRate: Double
  /// Momentum; nil for plain gradient descent.
  public var momentum: Double?
  /// Continuous time or single steps.
  public var dynamics: Dynamics
  /// What is minimized.
  public var loss: Loss
  /// Added to the kernel's diagonal, over its mean.
  public var regularization: Double
  /// What is subtracted from one-hot targets; nil for 1 / classes, or 0 of the cross-entropy, whose
  /// targets are probabilities.
  public var targetOffset: Double?
  /// Files (.npy) of the outputs before training; nil for zeros.
  public var initial: InitialOutputs?
  /// Whether the variance over initializations is computed.
  public var variance: Bool
  /// Of what is found without all eigenvectors, over its norm.
  public var tolerance: Double

  /// How time passes.
  public enum Dynamics: String, Sendable, CaseIterable {
    /// Gradient flow: the limit of small learning rates at the same learning rate x time.
    case flow
    /// Step by step, as an optimizer does it; diverges beyond the maximal learning rate.
    case steps
  }

  /// A loss.
  public enum Loss: String, Sendable, CaseIterable {
    /// Half the mean over images and classes of the squared error.
    case mse
    /// The mean over images and classes of -target log softmax.
    case crossEntropy = "cross_entropy"
  }

  /// Outputs before training, [images, classes] float64 each.
  public struct InitialOutputs: Sendable, Equatable {
    /// Of the training images.
    public var train: String
    /// Of the test images; nil where there are none.
    public var test: String?
  }

  /// What is subtracted from one-hot targets of so many classes.
  public func targetOffset(classes: Int) -> Double {
    targetOffset ?? (loss == .mse ? 1 / Double(classes) : 0)
  }

  /// Training watched at `times`.
  public init(times: [Double]) {
    self.times = times
    (learningRate, momentum, dynamics, loss) = (1, nil, .flow, .mse)
    (regularization, targetOffset, initial, variance) = (0, nil, nil, false)
    tolerance = 1e-6
  }
}

extension TrainingSection {
  private static let keys = [
    "times", "learning_rate", "momentum", "dynamics", "loss", "regularization", "target_offset",
    "initial", "variance", "tolerance",
  ]
  private static let example = "a list of times in ascending order, e.g. [0, 10, 1000, infinity]"

  /// Reads the section.
  init(_ item: Item) throws(JobError) {
    let section = try item.section(Self.keys)
    let list = try section.required("times", "say when to look, e.g. [0, 10, 1000, infinity]")
    self.init(times: try Self.times(list))
    if let item = section["learning_rate"] {
      learningRate = try item.number(atLeast: 0)
      guard learningRate > 0 else { throw item.outOfRange(allowed: "a number above 0") }
    }
    if let item = section["momentum"] {
      let value = try item.number(atLeast: 0)
      guard value < 1 else { throw item.outOfRange(allowed: "0 or more, and below 1") }
      momentum = value
    }
    if let item = section["dynamics"] { dynamics = try item.choice(Dynamics.self) }
    if let item = section["loss"] { loss = try item.choice(Loss.self) }
    if let item = section["regularization"] { regularization = try item.number(atLeast: 0) }
    targetOffset = try section["target_offset"]?.number(atLeast: 0)
    if let item = section["initial"] {
      let files = try item.section(["train", "test"])
      initial = InitialOutputs(
        train: try files.required("train", "name the .npy file").text(),
        test: try files["test"]?.text())
    }
    if let item = section["variance"] { variance = try item.flag() }
    if let item = section["tolerance"] {
      tolerance = try item.number(atLeast: 0)
      guard (1e-12..<1).contains(tolerance) else {
        throw item.outOfRange(allowed: "at least 1e-12, and below 1")
      }
    }
    try check(section)
  }

  private static func times(_ list: Item) throws(JobError) -> [Double] {
    var times: [Double] = []
    for element in try list.elements(of: example) {
      let isInfinite = [.word("infinity"), .number(.infinity)].contains(element.scalar)
      let time = isInfinite ? Double.infinity : try element.number(atLeast: 0)
      if let last = times.last, time <= last { throw list.outOfRange(allowed: example) }
      times.append(time)
    }
    guard !times.isEmpty else { throw list.outOfRange(allowed: example) }
    return times
  }

  /// Combinations that make no sense together.
  private func check(_ section: Section) throws(JobError) {
    if dynamics == .steps, let item = section["dynamics"] {
      if let broken = times.first(where: { $0.isFinite && ($0 != $0.rounded() || $0 > 0x1p53) }) {
        throw item.error(
          .conflict,
          "\(item.path) is steps and \(section.path).times has \(numberText(broken)); give whole "
            + "numbers up to 2^53")
      }
    }
    guard loss == .crossEntropy, let item = section["loss"] else { return }
    func refuse(_ what: String, _ todo: String) throws(JobError) {
      throw item.error(.conflict, "\(item.path) is cross_entropy and \(what); \(todo)")
    }
    if times.last == .infinity {
      try refuse(
        "\(section.path).times has infinity, where its outputs grow without end", "leave it out")
    }
    if dynamics == .steps { try refuse("\(section.path).dynamics is steps", "take flow") }
    if variance {
      try refuse("\(section.path).variance is known for mse alone", "leave the variance out")
    }
  }

  var text: YAMLText {
    var entries: [(key: String, value: YAMLText)] = [
      ("times", .list(times.map { $0 == .infinity ? .scalar(".inf") : .number($0) })),
      ("learning_rate", .number(learningRate)), ("dynamics", .text(dynamics.rawValue)),
      ("loss", .text(loss.rawValue)), ("regularization", .number(regularization)),
      ("variance", .scalar("\(variance)")),
      ("tolerance", .number(tolerance)),
    ]
    if let momentum { entries.append(("momentum", .number(momentum))) }
    if let targetOffset { entries.append(("target_offset", .number(targetOffset))) }
    if let initial {
      let files =
        [("train", YAMLText.text(initial.train))]
        + (initial.test.map { [("test", .text($0))] } ?? [])
      entries.append(("initial", .mapping(files)))
    }
    return .mapping(entries)
  }
}
