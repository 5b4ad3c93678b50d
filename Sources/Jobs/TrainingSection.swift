import JobDocuments

/// A job's `training`: gradient descent on all training images in function space, evaluated at given times.
public struct TrainingSection: Sendable, Equatable {
  /// The times at which the outputs are evaluated: steps or continuous time; infinity is allowed.
  public var times: [Double]
  /// The learning rate; the loss is a mean over all outputs.
  public var learningRate: Double
  /// Momentum; nil for plain gradient descent.
  public var momentum: Double?
  /// Continuous time or single steps.
  public var dynamics: Dynamics
  /// The loss that is minimized.
  public var loss: Loss
  /// The number that is added to the kernel's diagonal, in units of the mean of the diagonal.
  public var regularization: Double
  /// The number that is subtracted from one-hot targets; nil for 1 / classes, or for 0 with the
  /// cross-entropy, whose targets are probabilities.
  public var targetOffset: Double?
  /// Files (.npy) of the outputs before training; nil for zeros.
  public var initial: InitialOutputs?
  /// Whether the variance over initializations is computed.
  public var variance: Bool
  /// The relative error of results that are computed without all eigenvectors.
  public var tolerance: Double

  /// Continuous time or single steps.
  public enum Dynamics: String, Sendable, CaseIterable {
    /// Gradient flow: the limit of small learning rates at the same learning rate x time.
    case flow
    /// Single steps, as an optimizer takes them; diverges beyond the maximal learning rate.
    case steps
  }

  /// A loss.
  public enum Loss: String, Sendable, CaseIterable {
    /// Half the mean over images and classes of the squared error.
    case mse
    /// The mean over images and classes of -target log softmax.
    case crossEntropy = "cross_entropy"
  }

  /// Files of the outputs before training, each [images, classes] float64.
  public struct InitialOutputs: Sendable, Equatable {
    /// The file for the training images.
    public var train: String
    /// The file for the test images; nil if there are none.
    public var test: String?
  }

  /// The number that is subtracted from one-hot targets with this number of classes.
  public func targetOffset(classes: Int) -> Double {
    targetOffset ?? (loss == .mse ? 1 / Double(classes) : 0)
  }

  /// Training evaluated at `times`.
  public init(times: [Double]) {
    self.times = times
    (learningRate, momentum, dynamics, loss) = (1, nil, .flow, .mse)
    (regularization, targetOffset, initial, variance) = (0, nil, nil, false)
    tolerance = 1e-6
  }
}

extension TrainingSection {
  static let keys = SectionKeys<TrainingSection>([
    Key(
      "times", \.times, .ascending(.time, "times", example: "[0, 10, 1000, infinity]"),
      absent: .required("say when the outputs are evaluated, e.g. [0, 10, 1000, infinity]"),
      "When the outputs are evaluated: numbers of steps, or continuous times."),
    Key(
      "learning_rate", \.learningRate, .number(above: 0),
      "The learning rate; the loss is a mean over all outputs."),
    Key(
      "dynamics", \.dynamics, .choice,
      "`flow` is gradient flow, the limit of small learning rates at the same learning rate x time; "
        + "`steps` are the steps of an optimizer, which diverge beyond the largest learning rate."),
    Key(
      "loss", \.loss, .choice,
      "The loss: half the mean squared error, or the mean of -target log softmax."),
    Key(
      "regularization", \.regularization, .number(atLeast: 0),
      "What is added to the kernel's diagonal, in units of its mean."),
    Key(
      "variance", \.variance, .flag,
      "Whether the variance over initializations is computed; needs both kernels and all eigenvectors."
    ),
    Key(
      "tolerance", \.tolerance, .number(in: 1e-12..<1),
      "The relative error of outputs that are computed without all eigenvectors."),
    Key(
      "momentum", optional: \.momentum, .number(in: 0..<1),
      absent: .words("plain gradient descent"),
      "The momentum."),
    Key(
      "target_offset", optional: \.targetOffset, .number(atLeast: 0),
      absent: .words("1 / classes; 0 for cross_entropy"), "What is subtracted from one-hot targets."
    ),
    Key(
      "initial", optional: \.initial, InitialOutputs.form, absent: .words("outputs of zero"),
      "The outputs before training."),
  ])

  static let form = keys.form(from: TrainingSection(times: []))

  /// Throws if keys of the section (`item`) contradict each other. Errors: conflict.
  func check(_ item: Item) throws(JobError) {
    if dynamics == .steps, let dynamicsItem = item["dynamics"],
      let broken = times.first(where: { $0.isFinite && ($0 != $0.rounded() || $0 > 0x1p53) })
    {
      throw dynamicsItem.error(
        .conflict,
        "\(dynamicsItem.path) is steps and \(item.path).times has \(numberText(broken)); give whole "
          + "numbers up to 2^53")
    }
    guard loss == .crossEntropy, let lossItem = item["loss"] else { return }
    func refuse(_ what: String, _ todo: String) throws(JobError) {
      throw lossItem.error(.conflict, "\(lossItem.path) is cross_entropy and \(what); \(todo)")
    }
    if times.last == .infinity {
      try refuse(
        "\(item.path).times has infinity, where its outputs grow without end", "leave it out")
    }
    if dynamics == .steps { try refuse("\(item.path).dynamics is steps", "take flow") }
    if variance {
      try refuse("\(item.path).variance is known for mse alone", "leave the variance out")
    }
  }
}

extension TrainingSection.InitialOutputs {
  static let keys = SectionKeys<TrainingSection.InitialOutputs>([
    Key(
      "train", \.train, .path, absent: .required("name the .npy file"),
      "A `.npy` file, [training images, classes] float64."),
    Key(
      "test", optional: \.test, .path, absent: .words("none, where there are no test images"),
      "A `.npy` file, [test images, classes] float64."),
  ])

  static let form = keys.form(from: TrainingSection.InitialOutputs(train: "", test: nil))
}
