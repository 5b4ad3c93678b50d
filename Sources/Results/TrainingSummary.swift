/// The results of training in function space by gradient descent on all training images.
package struct TrainingSummary: Codable, Equatable {
  /// The question that was asked: the job's section with every default.
  package var question: String?
  /// The loss: mse or cross_entropy.
  package var loss: String
  /// The dynamics: flow (continuous time) or steps.
  package var dynamics: String
  package var learningRate: Double
  /// Steps diverge beyond this learning rate: 2 (1 + momentum) n classes / lambda_max.
  package var maximalLearningRate: Double
  package var momentum: Double?
  /// The number that was added to the kernel's diagonal, divided by the mean of the diagonal.
  package var regularization: Double
  package var targetOffset: Double
  /// The method that computed functions of the kernel.
  package var method: String
  /// The errors of the outputs on the training images and of the coefficients, divided by their
  /// norms; absent if there is only rounding error.
  package var error: Double?
  /// The points in time, in the order of the job's times.
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
    /// The number of steps, or the time in units of the learning rate; absent for infinity.
    package var time: Double?
    /// Half the mean over images and classes of the squared error, or the mean cross-entropy.
    package var trainLoss: Double
    package var trainAccuracy: Double
    package var testLoss: Double?
    package var testAccuracy: Double?
    /// The variance over the initialization of networks trained for this time, as a mean over test images.
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
  /// The name of the method that uses all eigenvectors.
  package static let byEigenvectors = "eigenvectors"
}
