import Foundation

/// Formats results as lines of text.
package enum ResultLines {
  package static func line(_ spectrum: SpectrumSummary, _ label: String) -> String {
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

  package static func lines(_ density: DensitySummary, _ label: String) -> [String] {
    ["\(label): lambda_max \(short(density.lambdaMax)) by \(density.probes) probes"]
      + density.regularizations.map { found in
        let (determinant, dimension) = (found.logDeterminant, found.effectiveDimension)
        return "  regularization \(found.regularization)  log det \(short(determinant.value)) ± "
          + String(format: "%.2g", determinant.error)
          + "  effective dimension \(short(dimension.value)) ± "
          + String(format: "%.2g", dimension.error)
      }
  }

  package static func lines(_ prediction: PredictionSummary, _ label: String) -> [String] {
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

  package static func lines(_ training: TrainingSummary, _ label: String) -> [String] {
    let head =
      "\(label): training at learning rate \(short(training.learningRate)), at most "
      + "\(short(training.maximalLearningRate)) in steps"
    return [head]
      + training.points.map { point in
        let time = point.time.map(short) ?? "infinity"
        var line =
          "  time \(time)  loss \(short(point.trainLoss))  accuracy "
          + String(format: "%.2f %%", point.trainAccuracy * 100)
        if let loss = point.testLoss, let accuracy = point.testAccuracy {
          line += "  test loss \(short(loss))  test accuracy "
          line += String(format: "%.2f %%", accuracy * 100)
        }
        return line
      }
  }

  package static func lines(_ alignment: AlignmentSummary, _ label: String) -> [String] {
    var head = "\(label): alignment \(short(alignment.alignment))"
    if let energy = alignment.energies.last {
      head += String(
        format: "  %d eigenvectors hold %.2f %% of the targets", alignment.energies.count,
        energy * 100)
    }
    if let cosine = alignment.cosine { head += "  cosine of the kernels \(short(cosine))" }
    return [head]
      + alignment.targets.map { target in
        String(
          format: "  sign of eigenvector %d: accuracy %.2f %%", target.index,
          target.trainAccuracy * 100)
          + (target.testAccuracy.map { String(format: "  test %.2f %%", $0 * 100) } ?? "")
      }
  }

  package static func lines(_ generalization: GeneralizationSummary, _ label: String) -> [String] {
    generalization.regularizations.flatMap { result -> [String] in
      var head = "\(label): regularization \(result.regularization)  "
      if let dimension = result.dimension, let validated = result.generalizedCrossValidation,
        let evidence = result.logMarginalLikelihood
      {
        head +=
          "effective dimension \(short(dimension))  generalized cross-validation "
          + "\(short(validated))  log marginal likelihood \(short(evidence))"
      } else {
        head += "the kernel is singular to rounding"
      }
      return [head]
        + result.measured.map { point in
          "  learned from \(point.samples) images: squared error \(short(point.testError)) "
            + (point.testErrorDeviation.map { "± \(short($0))" } ?? "of a single draw") + ", "
            + (point.predictedTestError.map { "predicted \(short($0))" } ?? "without a prediction")
        }
    }
  }

  private static func short(_ value: Double) -> String { String(format: "%.6g", value) }
}
