/// The results of kernel regression at every requested regularization.
package struct PredictionSummary: Codable, Equatable {
  /// The question that was asked: the job's section with every default.
  package var question: String?
  package var testLabelsKnown: Bool
  /// The mean of the kernel's diagonal.
  package var meanDiagonal: Double
  /// The unit of the regularizations: relative (to `meanDiagonal`) or absolute.
  package var regularizationScale: String?
  /// The number of training images that were held out to choose the regularization; 0 for no choice.
  package var validation: Int?
  /// The number that was subtracted from one-hot targets.
  package var targetOffset: Double?
  package var regularizations: [RegularizedSummary]
  /// The solver, cholesky or cg, and the reason for it.
  package var solver: String?
  package var reason: String?
  /// The iteration of the conjugate gradients.
  package var iteration: IterationSummary?
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
    /// Why there is no solution; nil if there is one.
    package var failure: String?
    /// The fraction of the test images whose largest prediction is their class, and their number.
    package var accuracy: Double?
    package var correct: Int?
    /// The mean over images and classes of the squared error of the targets.
    package var meanSquaredError: Double?
    /// The root of the mean square of the predictions: what is left of P(Theta) Y.
    package var rootMeanSquare: Double?
    /// The numbers of test images by class (rows) and prediction (columns).
    package var confusion: [[Int]]?
    /// The scores on the held-out training images, predicted from the other training images alone.
    package var validationAccuracy: Double?
    package var validationMeanSquaredError: Double?
    /// Whether the held-out images prefer this regularization.
    package var isChosen: Bool?
    /// The score if every training image is predicted from all others.
    package var leaveOneOut: RegressionScore?
    /// The log marginal likelihood of the targets of all classes under the Gaussian process with
    /// the regularization as noise; absent if the regularization had no factorization of its own.
    package var logMarginalLikelihood: Double?
    /// The mean posterior variance of the Gaussian process's function at the test images.
    package var meanPosteriorVariance: Double?
    /// |Ax - b|_1 / (n eps |A|_1 |x|_1).
    package var residual: Double?
    /// The number of iterations of conjugate gradients, either with a factor that regularizations
    /// share or with a preconditioner.
    package var iterations: Int?
    /// |Ax - b| / |b| of the worst column. This and the following values exist only if conjugate
    /// gradients had a preconditioner.
    package var relativeResidual: Double?
    /// The largest change of a prediction in the last refinement.
    package var predictionChange: Double?
    /// An upper bound of the condition number of the matrix, and the condition number of the
    /// preconditioned matrix as the iteration saw it.
    package var conditionBefore: Double?
    package var conditionAfter: Double?
    /// Bounds of tr K (K + s I)^-1.
    package var effectiveDimension: [Double]?
    /// The seconds of the Cholesky factorization, if this regularization has its own.
    package var secondsFactorizing: Double?
    /// The seconds of the factorization and the solution.
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

extension PredictionSummary {
  /// The result with this number on the kernel's diagonal and these targets; nil if there is none.
  package func result(atRidge ridge: Double, targetOffset offset: Double) -> RegularizedSummary? {
    // Earlier versions did not write the offset.
    guard (targetOffset ?? offset) == offset else { return nil }
    let unit = regularizationScale == "absolute" ? 1 : meanDiagonal
    return regularizations.first {
      let own = $0.regularization * unit
      // The means of the diagonal differ by rounding; conjugate gradients may hold the tiles in single precision.
      return abs(own - ridge) <= 1e-6 * max(abs(own), abs(ridge))
    }
  }
}
