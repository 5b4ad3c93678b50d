/// A job's `alignment`: how the targets lie in the kernel's eigenvectors.
public struct AlignmentSection: Sendable, Equatable {
  /// The eigenvectors whose signs are learned, from 1 for the leading one.
  public var targets: [Int]
  /// Of the regression on them, over the mean of the kernel's diagonal.
  public var regularization: Double
  /// Regularizations at which the effective dimension is told.
  public var dimensions: [Double]
  /// What is subtracted from one-hot targets; nil for 1 / classes.
  public var targetOffset: Double?

  /// What is subtracted from one-hot targets of so many classes.
  public func targetOffset(classes: Int) -> Double { targetOffset ?? 1 / Double(classes) }

  /// Alignment with the signs of no eigenvector.
  public init() {
    (targets, regularization, targetOffset) = ([], 1e-3, nil)
    dimensions = [1e-4, 1e-3, 1e-2, 1e-1]
  }
}

extension AlignmentSection {
  private static let keys = ["targets", "regularization", "dimensions", "target_offset"]

  /// Reads the section; `spectrum` is where the eigenvectors come from.
  init(_ item: Item, spectrum: SpectrumSection?) throws(JobError) {
    let section = try item.section(Self.keys)
    self.init()
    if let item = section["regularization"] { regularization = try item.number(atLeast: 0) }
    if let list = section["dimensions"] {
      dimensions = []
      for element in try list.elements(of: "a list of numbers, e.g. [1.0e-4, 1.0e-2]") {
        let value = try element.number(atLeast: 0)
        guard value > 0 else { throw element.outOfRange(allowed: "a number above 0") }
        dimensions.append(value)
      }
    }
    targetOffset = try section["target_offset"]?.number(atLeast: 0)
    guard let spectrum, spectrum.vectors != .leading(0) else {
      throw item.error(
        .conflict,
        "\(item.path) needs eigenvectors and the job keeps none; set spectrum.vectors, e.g. "
          + "spectrum: {vectors: 100}")
    }
    guard let list = section["targets"] else { return }
    for element in try list.elements(of: "a list of eigenvectors, e.g. [1, 2, 4, 8]") {
      let index = try element.count(atLeast: 1)
      if case .leading(let count) = spectrum.vectors, index > count {
        throw element.outOfRange(allowed: "at most spectrum.vectors, \(count)")
      }
      if let last = targets.last, index <= last {
        throw element.outOfRange(allowed: "above \(last), the one before it")
      }
      targets.append(index)
    }
  }

  var text: YAMLText {
    var entries: [(key: String, value: YAMLText)] = [
      ("targets", .list(targets.map { .scalar("\($0)") })),
      ("regularization", .number(regularization)),
      ("dimensions", .list(dimensions.map(YAMLText.number))),
    ]
    if let targetOffset { entries.append(("target_offset", .number(targetOffset))) }
    return .mapping(entries)
  }
}
