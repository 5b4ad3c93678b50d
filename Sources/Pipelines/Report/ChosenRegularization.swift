/// The regularization that stands for a prediction where one number is shown.
struct ChosenRegularization {
  let result: PredictionSummary.RegularizedSummary
  /// Whether held-out images chose it.
  let isByValidation: Bool

  var accuracy: Double? { result.accuracy }

  /// What the choice goes by, as captions say it.
  static let rule =
    "at the regularization that held-out images chose, or else at the one that is best on the test "
    + "images"

  /// Nil where none has a solution.
  init?(_ prediction: PredictionSummary) {
    let solved = prediction.regularizations.filter { $0.failure == nil }
    if let chosen = solved.first(where: { $0.isChosen == true }) {
      (result, isByValidation) = (chosen, true)
      return
    }
    guard let best = solved.max(by: { $0.accuracy ?? -1 < $1.accuracy ?? -1 }) else { return nil }
    (result, isByValidation) = (best, false)
  }
}
