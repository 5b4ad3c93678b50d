/// Kernel regression at every regularization asked for.
package struct PredictionSummary: Codable, Equatable {
  /// What was asked, as the job's section says it with every default.
  package var question: String?
  package var testLabelsKnown: Bool
  /// The mean of the kernel's diagonal.
  package var meanDiagonal: Double
  /// relative (to that) or absolute.
  package var regularizationScale: String?
  /// Training images held out to choose the regularization; 0 for no choice.
  package var validation: Int?
  /// What was subtracted from one-hot targets.
  package var targetOffset: Double?
  package var regularizations: [RegularizedSummary]
  package var grid: [Int]
  package var blockSize: Int
  package var secondsPredicting: Double

  package init(
    testLabelsKnown: Bool, meanDiagonal: Double, regularizationScale: String? = nil,
    validation: Int? = nil, targetOffset: Double? = nil, regularizations: [RegularizedSummary],
    grid: [Int], blockSize: Int, secondsPredicting: Double
  ) {
    self.testLabelsKnown = testLabelsKnown
    self.meanDiagonal = meanDiagonal
    self.regularizationScale = regularizationScale
    self.validation = validation
    self.targetOffset = targetOffset
    self.regularizations = regularizations
    self.grid = grid
    self.blockSize = blockSize
    self.secondsPredicting = secondsPredicting
  }

  package struct RegularizedSummary: Codable, Equatable {
    package var regularization: Double
    /// Why there is no solution, where there is none.
    package var failure: String?
    /// The part of the test images whose largest prediction is their class.
    package var accuracy: Double?
    package var correct: Int?
    /// Mean over images and classes of the squared error of the targets.
    package var meanSquaredError: Double?
    /// Root of the mean square of the predictions: what is left of P(Theta) Y.
    package var rootMeanSquare: Double?
    /// Test images by class (rows) and prediction (columns).
    package var confusion: [[Int]]?
    /// On the held-out training images, from the others alone.
    package var validationAccuracy: Double?
    package var validationMeanSquaredError: Double?
    /// Whether the held-out images prefer this one.
    package var isChosen: Bool?
    /// Every training image predicted from all others.
    package var leaveOneOut: RegressionScore?
    /// Of the targets of all classes under the Gaussian process with the regularization as noise; absent
    /// where the regularization had no factorization of its own.
    package var logMarginalLikelihood: Double?
    /// Of the Gaussian process's function at the test images.
    package var meanPosteriorVariance: Double?
    /// |Ax - b|_1 / (n eps |A|_1 |x|_1).
    package var residual: Double?
    /// Of conjugate gradients, where regularizations shared a factor.
    package var iterations: Int?
    /// Of the Cholesky factorization, where it has one of its own.
    package var secondsFactorizing: Double?
    /// Of the factorization and the solution.
    package var secondsSolving = 0.0

    package init(
      regularization: Double, failure: String? = nil, accuracy: Double? = nil,
      correct: Int? = nil, meanSquaredError: Double? = nil, rootMeanSquare: Double? = nil,
      confusion: [[Int]]? = nil, validationAccuracy: Double? = nil,
      validationMeanSquaredError: Double? = nil, isChosen: Bool? = nil,
      leaveOneOut: RegressionScore? = nil, meanPosteriorVariance: Double? = nil,
      residual: Double? = nil, iterations: Int? = nil, secondsFactorizing: Double? = nil,
      secondsSolving: Double = 0.0
    ) {
      self.regularization = regularization
      self.failure = failure
      self.accuracy = accuracy
      self.correct = correct
      self.meanSquaredError = meanSquaredError
      self.rootMeanSquare = rootMeanSquare
      self.confusion = confusion
      self.validationAccuracy = validationAccuracy
      self.validationMeanSquaredError = validationMeanSquaredError
      self.isChosen = isChosen
      self.leaveOneOut = leaveOneOut
      self.meanPosteriorVariance = meanPosteriorVariance
      self.residual = residual
      self.iterations = iterations
      self.secondsFactorizing = secondsFactorizing
      self.secondsSolving = secondsSolving
    }
  }
}
