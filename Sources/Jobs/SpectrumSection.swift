/// A job's `spectrum`: all eigenvalues, some eigenvectors, and how they are found.
public struct SpectrumSection: Sendable, Equatable {
  /// Which eigenvectors are kept beside the eigenvalues.
  public var vectors: Vectors
  /// What finds them.
  public var solver: Solver
  /// The numbers that the matrix is decomposed in.
  public var precision: FloatingWidth
  /// Seconds between the states that a long reduction leaves for a restart.
  public var checkpoint: Double
  /// Whether the eigenvalues of the kernel centred on the training images are found too, from gaps
  /// K11 + K22 - 2 K12 that keep their digits where depth has made all images alike.
  public var centred: Bool

  /// How many leading eigenvectors.
  public enum Vectors: Sendable, Equatable {
    /// As many; 0 for none.
    case leading(Int)
    /// Every one.
    case all
  }

  /// An eigensolver.
  public enum Solver: String, Sendable, CaseIterable {
    /// The program chooses, and says why.
    case auto
    /// Eigenvalues by way of a band, leading eigenvectors by block Lanczos.
    case band
    /// ScaLAPACK's own.
    case scalapack
    /// ELPA's, where the program was built with them.
    case elpa
  }

  /// A spectrum with as many eigenvectors.
  public init(
    vectors: Vectors = .leading(0), solver: Solver = .auto, precision: FloatingWidth = .f64,
    checkpoint: Double = 600, centred: Bool = false
  ) {
    self.vectors = vectors
    self.solver = solver
    self.precision = precision
    self.checkpoint = checkpoint
    self.centred = centred
  }
}

extension SpectrumSection {
  static let keys = ["vectors", "solver", "precision", "checkpoint", "centred"]

  /// Reads the section; `trainCount` is the kernel's order where it is known.
  init(_ item: Item, trainCount: Int?) throws(JobError) {
    let section = try item.section(Self.keys)
    self.init()
    if let item = section["vectors"] { vectors = try Vectors(item, trainCount: trainCount) }
    if let item = section["solver"] { solver = try item.choice(Solver.self) }
    if let item = section["precision"] { precision = try item.choice(FloatingWidth.self) }
    if let item = section["checkpoint"] { checkpoint = try item.number(atLeast: 0) }
    if let item = section["centred"] { centred = try item.flag() }
    if let solverItem = section["solver"], solver == .band, vectors == .all {
      throw solverItem.error(
        .conflict,
        "\(solverItem.path) band finds eigenvalues and leading eigenvectors and \(item.path).vectors "
          + "asks for all of them; take scalapack or auto")
    }
    if let precisionItem = section["precision"], precision == .f32,
      solver == .scalapack || solver == .elpa || vectors == .all
    {
      throw precisionItem.error(
        .conflict,
        "\(precisionItem.path) f32 is for eigenvalues by the solver band; take that, and fewer "
          + "vectors than all")
    }
  }

  var text: YAMLText {
    let vectors: YAMLText =
      switch self.vectors {
      case .leading(let count): .scalar("\(count)")
      case .all: .text("all")
      }
    return .mapping([
      ("vectors", vectors), ("solver", .text(solver.rawValue)),
      ("precision", .text(precision.rawValue)), ("checkpoint", .number(checkpoint)),
      ("centred", .scalar("\(centred)")),
    ])
  }
}

extension SpectrumSection.Vectors {
  /// Reads a number or `all`.
  init(_ item: Item, trainCount: Int?) throws(JobError) {
    if item.scalar == .word("all") {
      self = .all
    } else if case .number = item.scalar {
      let count = try item.count(atLeast: 0)
      if let trainCount, count > trainCount {
        throw item.outOfRange(allowed: "at most data.train, \(trainCount), or 'all'")
      }
      self = .leading(count)
    } else {
      throw item.wrongType(expected: "a whole number, 0 or more, or 'all'")
    }
  }
}
