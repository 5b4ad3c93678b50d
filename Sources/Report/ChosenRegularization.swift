import Results

/// The regularization that represents a prediction if only one number is shown.
package struct ChosenRegularization {
  package let result: PredictionSummary.RegularizedSummary

  var accuracy: Double? { result.accuracy }

  /// Whether held-out images chose the regularization.
  var isByValidation: Bool { result.isChosen == true }

  /// The criterion of the choice, for captions.
  static let rule =
    "at the regularization that held-out images chose, or else at the one that is best on the test "
    + "images"

  /// Chooses a regularization; nil if none has a solution.
  package init?(_ prediction: PredictionSummary) {
    let solved = prediction.regularizations.filter { $0.failure == nil }
    let chosen = solved.first { $0.isChosen == true }
    let best = solved.max { $0.accuracy ?? -1 < $1.accuracy ?? -1 }
    guard let result = chosen ?? best else { return nil }
    self.result = result
  }
}
