/// Training in function space by gradient descent on all training images.
package struct TrainingSummary: Codable, Equatable {
  /// What was asked, as the job's section says it with every default.
  package var question: String?
  /// mse or cross_entropy.
  package var loss: String
  /// flow (continuous time) or steps.
  package var dynamics: String
  package var learningRate: Double
  /// Beyond it steps diverge: 2 (1 + momentum) n classes / lambda_max.
  package var maximalLearningRate: Double
  package var momentum: Double?
  /// What was added to the kernel's diagonal, over its mean.
  package var regularization: Double
  package var targetOffset: Double
  /// How the kernel's functions were found.
  package var method: String
  /// Of the outputs on the training images and of the coefficients, over their norms; absent where
  /// rounding alone is.
  package var error: Double?
  /// In the order of the job's times.
  package var points: [Point]
  package var secondsTraining: Double

  package init(
    loss: String, dynamics: String, learningRate: Double, maximalLearningRate: Double,
    momentum: Double? = nil, regularization: Double, targetOffset: Double, method: String,
    error: Double? = nil, points: [Point], secondsTraining: Double
  ) {
    self.loss = loss
    self.dynamics = dynamics
    self.learningRate = learningRate
    self.maximalLearningRate = maximalLearningRate
    self.momentum = momentum
    self.regularization = regularization
    self.targetOffset = targetOffset
    self.method = method
    self.error = error
    self.points = points
    self.secondsTraining = secondsTraining
  }

  package struct Point: Codable, Equatable {
    /// Steps, or time in units of the learning rate; absent for infinity.
    package var time: Double?
    /// Half the mean over images and classes of the squared error, or the mean cross-entropy.
    package var trainLoss: Double
    package var trainAccuracy: Double
    package var testLoss: Double?
    package var testAccuracy: Double?
    /// Of networks trained so long, over their initialization; mean over test images.
    package var meanVariance: Double?

    package init(
      time: Double? = nil, trainLoss: Double, trainAccuracy: Double, testLoss: Double? = nil,
      testAccuracy: Double? = nil, meanVariance: Double? = nil
    ) {
      self.time = time
      self.trainLoss = trainLoss
      self.trainAccuracy = trainAccuracy
      self.testLoss = testLoss
      self.testAccuracy = testAccuracy
      self.meanVariance = meanVariance
    }
  }
}

extension TrainingSummary {
  /// The method with all eigenvectors.
  package static let byEigenvectors = "eigenvectors"
}
