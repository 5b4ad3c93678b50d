import Results

/// The log marginal likelihood that represents a kernel with several regularizations.
enum Evidence {
  /// The rule for choosing this value, for captions.
  static let rule =
    "the largest log marginal likelihood per training image of the regularizations, with "
    + "the best scale where the spectrum has the targets' weights"

  /// The log marginal likelihood per image; nil if a run has none.
  static func perImage(_ figures: Summary.KernelSummary, images: Int) -> Double? {
    let scaled = figures.generalization?.regularizations.compactMap(\.scaledLogMarginalLikelihood)
    let plain = figures.prediction?.regularizations.compactMap(\.logMarginalLikelihood)
    guard images > 0 else { return nil }
    return (scaled?.max() ?? plain?.max()).map { $0 / Double(images) }
  }
}
