import Generalization

/// What a kernel's eigenvalues and the weights of the targets in its eigenvectors predict about learning.
package struct GeneralizationSummary: Codable, Equatable {
  /// The question that was asked: the job's sections with every default.
  package var question: String?
  /// The number that was subtracted from one-hot targets.
  package var targetOffset: Double
  /// The mean of the kernel's diagonal, and the standard deviation of the diagonal divided by this mean.
  package var meanDiagonal: Double
  package var diagonalSpread: Double
  package var effectiveDimensions: Dimensions
  package var powerLaws: PowerLaws
  /// The loss of gradient flow on the training images, starting from outputs of zero.
  package var trainingCurve: [Loss]
  package var regularizations: [Ridge]
  package var seconds: Double

  package init(
    targetOffset: Double, meanDiagonal: Double, diagonalSpread: Double,
    effectiveDimensions: Dimensions, powerLaws: PowerLaws, trainingCurve: [Loss],
    regularizations: [Ridge], seconds: Double
  ) {
    self.targetOffset = targetOffset
    self.meanDiagonal = meanDiagonal
    self.diagonalSpread = diagonalSpread
    self.effectiveDimensions = effectiveDimensions
    self.powerLaws = powerLaws
    self.trainingCurve = trainingCurve
    self.regularizations = regularizations
    self.seconds = seconds
  }

  /// If the spread of the diagonal, divided by its mean, exceeds this, generalized cross-validation is misleading.
  package static let evenDiagonal = 0.05

  /// How the trace is spread over the eigenvalues.
  package struct Dimensions: Codable, Equatable {
    package var participation: Double
    package var tails: [Tail]

    /// The eigenvalues after the first `rank` ones.
    package struct Tail: Codable, Equatable {
      package var rank: Int
      package var effectiveRank: Double
      package var participation: Double
    }

    package init(_ dimensions: EffectiveDimensions) {
      participation = dimensions.participation
      tails = dimensions.tails.map {
        Tail(rank: $0.rank, effectiveRank: $0.effectiveRank, participation: $0.participation)
      }
    }
  }

  /// The power laws of the eigenvalues, and of the part of the targets beyond a rank; absent if
  /// there is no window to fit.
  package struct PowerLaws: Codable, Equatable {
    package var eigenvalues: Law?
    package var targets: Law?

    package init(eigenvalues: PowerLaw?, targets: PowerLaw?) {
      self.eigenvalues = eigenvalues.map(Law.init)
      self.targets = targets.map(Law.init)
    }

    /// The power law amplitude rank^-exponent.
    package struct Law: Codable, Equatable {
      package var exponent: Double
      package var amplitude: Double
      /// The first and the last rank of the fit.
      package var window: [Int]
      /// The smallest and the largest exponent of the window's four parts.
      package var spread: [Double]

      package init(_ law: PowerLaw) {
        exponent = law.exponent
        amplitude = law.amplitude
        window = [law.window.lowerBound, law.window.upperBound]
        spread = [law.spread.lowerBound, law.spread.upperBound]
      }
    }
  }

  /// Half the mean squared error at a time in units of the learning rate.
  package struct Loss: Codable, Equatable {
    package var time: Double
    package var loss: Double

    package init(_ point: TrainingCurve.Point) { (time, loss) = (point.time, point.loss) }
  }

  /// The predictions for one regularization.
  package struct Ridge: Codable, Equatable {
    package var regularization: Double
    /// The number that the regularization adds to the kernel's diagonal.
    package var ridge: Double
    /// sum lambda / (lambda + s), and sum (lambda / (lambda + s))^2. These and the following values
    /// are absent if there is no ridge and the kernel is singular.
    package var dimension: Double?
    package var secondDimension: Double?
    /// Means over images and classes of squared errors.
    package var trainError: Double?
    package var generalizedCrossValidation: Double?
    /// The log marginal likelihood of all classes, the one of each class, and the one with the
    /// kernel multiplied by `scale`, the factor that makes the targets most likely.
    package var logMarginalLikelihood: Double?
    package var logMarginalLikelihoods: [Double]?
    package var scale: Double?
    package var scaledLogMarginalLikelihood: Double?
    package var learningCurve: [Point]
    package var measured: [Measurement]

    package init(
      regularization: Double, ridge: Double, _ figures: RidgeFigures?, learningCurve: [Point],
      measured: [Measurement]
    ) {
      self.regularization = regularization
      self.ridge = ridge
      dimension = figures?.dimension
      secondDimension = figures?.secondDimension
      trainError = figures?.trainError
      generalizedCrossValidation = figures?.generalizedCrossValidation
      logMarginalLikelihood = figures?.logMarginalLikelihood
      logMarginalLikelihoods = figures?.logMarginalLikelihoods
      scale = figures?.scale
      scaledLogMarginalLikelihood = figures?.scaledLogMarginalLikelihood
      self.learningCurve = learningCurve
      self.measured = measured
    }
  }

  /// The expected result of learning from some of the training images: means over images and
  /// classes of the squared errors on the other images and on these images themselves.
  package struct Point: Codable, Equatable {
    package var samples: Int
    package var kappa: Double
    package var testError: Double
    package var trainError: Double

    package init(_ point: LearningCurve.Point) {
      (samples, kappa) = (point.samples, point.kappa)
      (testError, trainError) = (point.testError, point.trainError)
    }
  }

  /// The result of learning from random subsets of the training images: means over the draws, and
  /// the standard deviation of the test errors of the draws, which a single draw does not have.
  package struct Measurement: Codable, Equatable {
    package var samples: Int
    package var draws: Int
    package var testError: Double
    package var testErrorDeviation: Double?
    package var trainError: Double
    package var testAccuracy: Double
    /// The test error that the spectrum predicts for this number of samples.
    package var predictedTestError: Double?

    package init(
      samples: Int, testErrors: [Double], trainErrors: [Double], accuracies: [Double],
      predictedTestError: Double?
    ) {
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
      let test = mean(testErrors)
      let squares = testErrors.reduce(0) { $0 + ($1 - test) * ($1 - test) }
      self.samples = samples
      draws = testErrors.count
      testError = test
      testErrorDeviation =
        testErrors.count > 1 ? (squares / Double(testErrors.count - 1)).squareRoot() : nil
      trainError = mean(trainErrors)
      testAccuracy = mean(accuracies)
      self.predictedTestError = predictedTestError
    }
  }
}
