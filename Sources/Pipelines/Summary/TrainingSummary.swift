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
