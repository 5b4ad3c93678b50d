import Generalization

/// What a kernel's eigenvalues and the targets' weights in its eigenvectors predict of learning.
package struct GeneralizationSummary: Codable, Equatable {
  /// What was asked, as the job says it with every default.
  package var question: String?
  /// What was subtracted from one-hot targets.
  package var targetOffset: Double
  /// The mean of the kernel's diagonal, and the standard deviation of its elements over that.
  package var meanDiagonal: Double
  package var diagonalSpread: Double
  package var effectiveDimensions: Dimensions
  package var powerLaws: PowerLaws
  /// The loss of gradient flow on the training images, from outputs of zero on.
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

  /// Diagonals that differ more than this part of their mean make generalized cross-validation misleading.
  package static let evenDiagonal = 0.05

  /// How the trace is spread over the eigenvalues.
  package struct Dimensions: Codable, Equatable {
    package var participation: Double
    package var tails: [Tail]

    /// Behind the first `rank` eigenvalues.
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

  /// Of the eigenvalues, and of the part of the targets behind a rank; absent where there is no window.
  package struct PowerLaws: Codable, Equatable {
    package var eigenvalues: Law?
    package var targets: Law?

    package init(eigenvalues: PowerLaw?, targets: PowerLaw?) {
      self.eigenvalues = eigenvalues.map(Law.init)
      self.targets = targets.map(Law.init)
    }

    /// amplitude rank^-exponent.
    package struct Law: Codable, Equatable {
      package var exponent: Double
      package var amplitude: Double
      /// The first and the last rank of the fit.
      package var window: [Int]
      /// The least and the largest exponent of the window's four parts.
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

  /// At one regularization.
  package struct Ridge: Codable, Equatable {
    package var regularization: Double
    /// What it adds to the kernel's diagonal.
    package var ridge: Double
    /// sum lambda / (lambda + s), and sum (lambda / (lambda + s))^2; absent, with what follows, where the
    /// kernel is singular without a ridge.
    package var dimension: Double?
    package var secondDimension: Double?
    /// Means over images and classes of squared errors.
    package var trainError: Double?
    package var generalizedCrossValidation: Double?
    /// Of all classes, of each, and with the kernel times the factor that makes the targets most likely.
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

  /// What is expected after learning from some of the training images: means over images and classes of
  /// the squared errors on the others and on those themselves.
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

  /// What learning from random subsets of the training images has given; means over the draws, and the
  /// standard deviation of the draws' test errors.
  package struct Measurement: Codable, Equatable {
    package var samples: Int
    package var draws: Int
    package var testError: Double
    package var testErrorDeviation: Double
    package var trainError: Double
    package var testAccuracy: Double
    /// What the spectrum predicts for as many.
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
      testErrorDeviation = (squares / Double(max(testErrors.count - 1, 1))).squareRoot()
      trainError = mean(trainErrors)
      testAccuracy = mean(accuracies)
      self.predictedTestError = predictedTestError
    }
  }
}
