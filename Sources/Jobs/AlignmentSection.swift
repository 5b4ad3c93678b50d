import JobDocuments

/// A job's `alignment`: how much of the targets lies along each eigenvector of the kernel.
public struct AlignmentSection: Sendable, Equatable {
  /// The eigenvectors whose signs are learned, from 1 for the leading one.
  public var targets: [Int]
  /// The regularization of the regression on these signs, in units of the mean of the kernel's diagonal.
  public var regularization: Double
  /// Regularizations at which the effective dimension is computed.
  public var dimensions: [Double]
  /// The number that is subtracted from one-hot targets; nil for 1 / classes.
  public var targetOffset: Double?

  /// The number that is subtracted from one-hot targets with this number of classes.
  public func targetOffset(classes: Int) -> Double { targetOffset ?? 1 / Double(classes) }

  /// Alignment without regression on signs of eigenvectors.
  public init() {
    (targets, regularization, targetOffset) = ([], 1e-3, nil)
    dimensions = [1e-4, 1e-3, 1e-2, 1e-1]
  }
}

extension AlignmentSection {
  static let keys = SectionKeys<AlignmentSection>([
    Key(
      "targets", \.targets,
      .ascending(
        .count(atLeast: 1), "eigenvectors", example: "[1, 2, 4, 8]", isEmptyAllowed: true),
      "Eigenvectors whose signs are learned by kernel regression, from 1 for the leading one."),
    Key(
      "regularization", \.regularization, .number(atLeast: 0),
      "The regularization of that regression, in units of the mean of the kernel's diagonal."),
    Key(
      "dimensions", \.dimensions,
      .list(
        of: .number(above: 0), "numbers above 0", example: "[1.0e-4, 1.0e-2]", isEmptyAllowed: true),
      "Regularizations at which the effective dimension is computed."),
    Key(
      "target_offset", optional: \.targetOffset, .number(atLeast: 0), absent: .words("1 / classes"),
      "What is subtracted from one-hot targets."),
  ])

  static let form = keys.form(from: AlignmentSection())

  /// Throws if the spectrum does not keep the eigenvectors that the section (`item`) needs. Errors:
  /// conflict, outOfRange.
  func check(_ item: Item, spectrum: SpectrumSection?) throws(JobError) {
    guard let spectrum, spectrum.vectors != .leading(0) else {
      throw item.error(
        .conflict,
        "\(item.path) needs eigenvectors and the job keeps none; set spectrum.vectors, e.g. "
          + "spectrum: {vectors: 100}")
    }
    guard case .leading(let count) = spectrum.vectors, let list = item["targets"] else { return }
    for (index, target) in targets.enumerated() where target > count {
      throw (list["\(index)"] ?? list).outOfRange(allowed: "at most spectrum.vectors, \(count)")
    }
  }
}
