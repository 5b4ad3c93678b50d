import Results

/// The log marginal likelihood that represents a kernel with several regularizations.
package enum Evidence {
  /// The rule for choosing this value.
  private static let largest =
    "the largest log marginal likelihood per training image of the regularizations, with "
    + "the best scale where the spectrum has the targets' weights"

  /// The log marginal likelihood per image; nil if a run has none.
  package static func perImage(_ figures: Summary.KernelSummary, images: Int) -> Double? {
    let scaled = figures.generalization?.regularizations.compactMap(\.scaledLogMarginalLikelihood)
    let plain = figures.prediction?.regularizations.compactMap(\.logMarginalLikelihood)
    guard images > 0 else { return nil }
    return (scaled?.max() ?? plain?.max()).map { $0 / Double(images) }
  }

  /// The rule for choosing the value of some kernels, for captions. It says if regularizations have a solution and no
  /// value.
  static func rule(_ kernels: [RunRecord.Kernel]) -> String {
    largest + (kernels.contains { isPartial($0.figures) } ? Self.partial : "")
  }

  private static let partial =
    "; regularizations whose value is not known, because they were solved without a factorization of "
    + "their own, are left out"

  /// Whether the value of a kernel is not the largest of all of its regularizations that have a solution.
  package static func isPartial(_ figures: Summary.KernelSummary) -> Bool {
    let scaled = figures.generalization?.regularizations.compactMap(\.scaledLogMarginalLikelihood)
    guard scaled?.isEmpty ?? true, let found = figures.prediction?.regularizations else {
      return false
    }
    return found.contains { $0.logMarginalLikelihood != nil }
      && found.contains { $0.logMarginalLikelihood == nil && $0.failure == nil }
  }
}
