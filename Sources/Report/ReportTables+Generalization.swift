import Foundation
import Plots
import Results

extension ReportTables {
  /// The predictions from the spectrum at every regularization, next to leave-one-out errors and
  /// errors on the test images.
  static func generalization(_ record: RunRecord) -> [Page.Part] {
    let rows = record.kernels.flatMap { kernel -> [[String]] in
      guard let found = kernel.figures.generalization else { return [] }
      let predicted = kernel.figures.prediction
      return found.regularizations.map { ridge in
        let result = predicted?.result(atRidge: ridge.ridge, targetOffset: found.targetOffset)
        return [
          kernel.name, reportNumber(ridge.regularization), reportNumber(ridge.dimension),
          reportNumber(ridge.trainError), reportNumber(ridge.generalizedCrossValidation),
          reportNumber(result?.leaveOneOut?.meanSquaredError),
          reportNumber(result?.meanSquaredError), reportNumber(ridge.logMarginalLikelihood),
          reportNumber(ridge.scaledLogMarginalLikelihood),
        ]
      }
    }
    let columns = [
      "kernel", "regularization", "effective dimension", "training error",
      "generalized cross-validation", "leave-one-out", "test error", "log p(Y)",
      "log p(Y), best scale",
    ]
    let laws = record.kernels.compactMap { kernel -> [String]? in
      guard let found = kernel.figures.generalization else { return nil }
      return [
        kernel.name, reportNumber(found.effectiveDimensions.participation),
        law(found.powerLaws.eigenvalues), law(found.powerLaws.targets),
        String(format: "%.1f %%", found.diagonalSpread * 100),
      ]
    }
    let lawColumns = [
      "kernel", "participation", "eigenvalues ∝ rank^-a: a", "targets' tail ∝ rank^-b: b",
      "diagonal varies by",
    ]
    return part("What the spectrum predicts", Table(columns: columns, rows: rows))
      + part("Power laws", Table(columns: lawColumns, rows: laws))
  }

  private static func law(_ law: GeneralizationSummary.PowerLaws.Law?) -> String {
    guard let law, law.spread.count == 2, law.window.count == 2 else { return "" }
    return String(
      format: "%.3f (%.3f to %.3f), ranks %d to %d", law.exponent, law.spread[0], law.spread[1],
      law.window[0], law.window[1])
  }
}
