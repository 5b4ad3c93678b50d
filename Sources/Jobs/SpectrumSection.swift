import JobDocuments

/// A job's `spectrum`: all eigenvalues, some eigenvectors, and how they are computed.
public struct SpectrumSection: Sendable, Equatable {
  /// Which eigenvectors are kept in addition to the eigenvalues.
  public var vectors: Vectors
  /// The eigensolver.
  public var solver: Solver
  /// The precision of the decomposition.
  public var precision: FloatingWidth
  /// The seconds between saved states of a long reduction. A run resumes from such a state.
  public var checkpoint: Double
  /// Whether the spectrum of the centered kernel is computed too. It is computed from gaps
  /// K11 + K22 - 2 K12, which keep their digits even if depth has made all images alike.
  public var centred: Bool
  /// Whether the weights of the targets in all eigenvectors are computed.
  public var weights: Bool
  /// The number that is subtracted from one-hot targets; nil for 1 / classes.
  public var targetOffset: Double?

  /// The number that is subtracted from one-hot targets with this number of classes.
  public func targetOffset(classes: Int) -> Double { targetOffset ?? 1 / Double(classes) }

  /// The number of leading eigenvectors.
  public enum Vectors: Sendable, Equatable {
    /// This many; 0 for none.
    case leading(Int)
    /// All of them.
    case all
  }

  /// An eigensolver.
  public enum Solver: String, Sendable, CaseIterable {
    /// The program chooses and reports why.
    case auto
    /// Eigenvalues by reduction to band form, leading eigenvectors by block Lanczos.
    case band
    /// ScaLAPACK.
    case scalapack
    /// ELPA, if the program was built with it.
    case elpa
  }

  /// A spectrum; by default, only the eigenvalues.
  public init(
    vectors: Vectors = .leading(0), solver: Solver = .auto, precision: FloatingWidth = .f64,
    checkpoint: Double = 600, centred: Bool = false, weights: Bool = false,
    targetOffset: Double? = nil
  ) {
    self.vectors = vectors
    self.solver = solver
    self.precision = precision
    self.checkpoint = checkpoint
    self.centred = centred
    self.weights = weights
    self.targetOffset = targetOffset
  }
}

extension SpectrumSection {
  static let keys = SectionKeys<SpectrumSection>([
    Key(
      "vectors", \.vectors, .vectors,
      "Leading eigenvectors to keep beside the eigenvalues."),
    Key(
      "solver", \.solver, .choice,
      "The eigensolver. `auto` chooses and says why; `band` computes eigenvalues by reduction to band "
        + "form and leading eigenvectors by block Lanczos; `elpa` needs a program built with ELPA."),
    Key(
      "precision", \.precision, .choice,
      "The arithmetic of the decomposition; `f32` is for eigenvalues by `band`."),
    Key(
      "checkpoint", \.checkpoint, .number(atLeast: 0), unit: "seconds",
      "Time between the saved states of a long reduction, from which `--resume` continues."),
    Key(
      "centred", \.centred, .flag,
      "Whether the spectrum of the centered kernel is computed as well."),
    Key(
      "weights", \.weights, .flag,
      "Whether the weights of the targets in all eigenvectors, and what they predict, are computed; it "
        + "takes no eigenvectors and hardly more memory."),
    Key(
      "target_offset", optional: \.targetOffset, .number(atLeast: 0), absent: .words("1 / classes"),
      "What is subtracted from one-hot targets, whose weights are taken."),
  ])

  static let form = keys.form(from: SpectrumSection())

  /// The number of eigenvectors to keep; `Int.max` for all.
  package var leadingVectors: Int {
    switch vectors {
    case .leading(let count): return count
    case .all: return .max
    }
  }

  /// Throws if keys of the section (`item`) contradict each other or the number of training images,
  /// if that is known. Errors: outOfRange, conflict.
  func check(_ item: Item, trainCount: Int?) throws(JobError) {
    if let vectorsItem = item["vectors"], case .leading(let count) = vectors, let trainCount,
      count > trainCount
    {
      throw vectorsItem.outOfRange(allowed: "at most data.train, \(trainCount), or 'all'")
    }
    if let solverItem = item["solver"], solver == .band, vectors == .all {
      throw solverItem.error(
        .conflict,
        "\(solverItem.path) is band, which computes leading eigenvectors, and \(item.path).vectors is "
          + "all; set \(solverItem.path) to scalapack or auto")
    }
    if let precisionItem = item["precision"], precision == .f32,
      solver == .scalapack || solver == .elpa || vectors == .all
    {
      throw precisionItem.error(
        .conflict,
        "\(precisionItem.path) is f32, which only the solver band has; set solver: band and fewer "
          + "vectors than all")
    }
  }
}

extension Form where Value == SpectrumSection.Vectors {
  /// A number of leading vectors, or `all`.
  static var vectors: Form {
    let count = Form<Int>.count(atLeast: 0)
    let words = "\(count.words), or 'all'"
    return Form(words: words) { (item) throws(JobError) in
      if item.scalar == .word("all") { return .all }
      guard case .number = item.scalar else { throw item.wrongType(expected: words) }
      return .leading(try item.value(count))
    } text: {
      switch $0 {
      case .leading(let number): count.text(number)
      case .all: .text("all")
      }
    }
  }
}
