import Foundation

/// Results as lines of text.
enum Report {
  static func line(_ spectrum: SpectrumSummary, _ label: String) -> String {
    var text =
      "\(label): lambda_max \(short(spectrum.lambdaMax))  lambda_min \(short(spectrum.lambdaMin))"
    if let condition = spectrum.conditionNumber {
      text += "  condition number \(short(condition))"
    } else {
      let width = spectrum.precision == "f32" ? "single" : "double"
      text +=
        "  condition number beyond \(width) precision (\(spectrum.belowNoiseFloor) eigenvalues "
        + "under the noise floor \(short(spectrum.noiseFloor)))"
    }
    return text + "  (\(spectrum.routine), \(readable(seconds: spectrum.secondsSolving)))"
  }

  static func lines(_ prediction: PredictionSummary, _ label: String) -> [String] {
    prediction.regularizations.map { result in
      let head = "\(label): regularization \(result.regularization)  "
      if let failure = result.failure { return head + "no solution: \(failure)" }
      guard let accuracy = result.accuracy, let error = result.meanSquaredError else {
        return head + "predicted (no test labels)"
      }
      var line =
        head
        + String(format: "test accuracy %.2f %%  mean squared error %.5f", accuracy * 100, error)
      if let held = result.validationAccuracy {
        line += String(format: "  held out %.2f %%", held * 100)
        if result.isChosen == true { line += " (chosen)" }
      }
      if let score = result.leaveOneOut {
        line += String(format: "  leave-one-out %.2f %%", score.accuracy * 100)
      }
      return line
    }
  }

  private static func short(_ value: Double) -> String { String(format: "%.6g", value) }
}
