import Jobs

/// Kernel regression at every regularization asked for.
struct PredictionSummary: Codable, Equatable {
  var testLabelsKnown: Bool
  /// The mean of the kernel's diagonal.
  var meanDiagonal: Double
  /// relative (to that) or absolute.
  var regularizationScale: String?
  /// Training images held out to choose the regularization; 0 for no choice.
  var validation: Int?
  /// What was subtracted from one-hot targets.
  var targetOffset: Double?
  var regularizations: [RegularizedSummary]
  var grid: [Int]
  var blockSize: Int
  var secondsPredicting: Double

  struct RegularizedSummary: Codable, Equatable {
    var regularization: Double
    /// Why there is no solution, where there is none.
    var failure: String?
    /// The part of the test images whose largest prediction is their class.
    var accuracy: Double?
    var correct: Int?
    /// Mean over images and classes of the squared error of the targets.
    var meanSquaredError: Double?
    /// Root of the mean square of the predictions: what is left of P(Theta) Y.
    var rootMeanSquare: Double?
    /// Test images by class (rows) and prediction (columns).
    var confusion: [[Int]]?
    /// On the held-out training images, from the others alone.
    var validationAccuracy: Double?
    var validationMeanSquaredError: Double?
    /// Whether the held-out images prefer this one.
    var isChosen: Bool?
    /// Every training image predicted from all others.
    var leaveOneOut: RegressionScore?
    /// Of the Gaussian process's function at the test images.
    var meanPosteriorVariance: Double?
    /// |Ax - b|_1 / (n eps |A|_1 |x|_1).
    var residual: Double?
    /// Of conjugate gradients, where regularizations shared a factor.
    var iterations: Int?
    /// Of the Cholesky factorization, where it has one of its own.
    var secondsFactorizing: Double?
    /// Of the factorization and the solution.
    var secondsSolving = 0.0
  }
}

extension PredictionSummary {
  /// Whether this is what a job asks for of a kernel.
  func answers(_ section: PredictionSection, _ classes: Int) -> Bool {
    regularizations.map(\.regularization) == section.regularization
      && (regularizationScale ?? "relative") == section.regularizationScale.rawValue
      && validation ?? 0 == section.validation
      && targetOffset == section.targetOffset(classes: classes)
      && (!section.leaveOneOut || regularizations.contains { $0.leaveOneOut != nil })
      && section.variance == regularizations.contains { $0.meanPosteriorVariance != nil }
  }
}
