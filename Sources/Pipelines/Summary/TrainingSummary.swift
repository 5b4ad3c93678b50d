import Jobs

/// Training in function space by gradient descent on all training images.
struct TrainingSummary: Codable, Equatable {
  /// mse or cross_entropy.
  var loss: String
  /// flow (continuous time) or steps.
  var dynamics: String
  var learningRate: Double
  /// Beyond it steps diverge: 2 (1 + momentum) n classes / lambda_max.
  var maximalLearningRate: Double
  var momentum: Double?
  /// What was added to the kernel's diagonal, over its mean.
  var regularization: Double
  var targetOffset: Double
  /// How the kernel's functions were found.
  var method: String
  /// Of the outputs on the training images and of the coefficients, over their norms; absent where
  /// rounding alone is.
  var error: Double?
  /// In the order of the job's times.
  var points: [Point]
  var secondsTraining: Double

  struct Point: Codable, Equatable {
    /// Steps, or time in units of the learning rate; absent for infinity.
    var time: Double?
    /// Half the mean over images and classes of the squared error, or the mean cross-entropy.
    var trainLoss: Double
    var trainAccuracy: Double
    var testLoss: Double?
    var testAccuracy: Double?
    /// Of networks trained so long, over their initialization; mean over test images.
    var meanVariance: Double?
  }
}

extension TrainingSummary {
  /// The method where all eigenvectors are there.
  static let byEigenvectors = "eigenvectors"

  /// Whether this is what a job asks for.
  func answers(
    _ section: TrainingSection, _ classes: Int, hasEigenvectors: Bool
  ) -> Bool {
    // Outputs to begin with are files, which may have changed.
    section.initial == nil && (method == Self.byEigenvectors) == hasEigenvectors
      && error ?? 0 <= section.tolerance && loss == section.loss.rawValue
      && dynamics == section.dynamics.rawValue && learningRate == section.learningRate
      && momentum == section.momentum && regularization == section.regularization
      && targetOffset == section.targetOffset(classes: classes)
      && points.map { $0.time ?? .infinity } == section.times
      && section.variance == points.contains { $0.meanVariance != nil }
  }
}
