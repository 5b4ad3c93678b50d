/// How the targets are distributed over a kernel's eigenvectors.
package struct AlignmentSummary: Codable, Equatable {
  /// The question that was asked: the job's section with every default.
  package var question: String?
  /// tr(Y' K Y) / (n tr(Y' Y)), where Y is one-hot minus the offset.
  package var alignment: Double
  package var targetOffset: Double
  /// <K, other>_F / (|K|_F |other|_F) with the other kernel of the run.
  package var cosine: Double?
  /// tr(K)^2 / |K|_F^2: the number of eigenvalues that the trace is spread over.
  package var participation: Double
  /// Sums of lambda / (lambda + r m), where m is the mean of the diagonal.
  package var effectiveDimensions: [EffectiveDimension]
  /// The fractions of |Y|^2 within the leading 1, 2, ... eigenvectors.
  package var energies: [Double]
  /// The regularization of the regression on the signs of eigenvectors.
  package var regularization: Double
  package var targets: [SignTarget]
  package var seconds: Double

  package init(
    alignment: Double, targetOffset: Double, cosine: Double? = nil, participation: Double,
    effectiveDimensions: [EffectiveDimension], energies: [Double], regularization: Double,
    targets: [SignTarget], seconds: Double
  ) {
    self.alignment = alignment
    self.targetOffset = targetOffset
    self.cosine = cosine
    self.participation = participation
    self.effectiveDimensions = effectiveDimensions
    self.energies = energies
    self.regularization = regularization
    self.targets = targets
    self.seconds = seconds
  }

  package struct EffectiveDimension: Codable, Equatable {
    package var regularization: Double
    package var dimension: Double

    package init(regularization: Double, dimension: Double) {
      self.regularization = regularization
      self.dimension = dimension
    }
  }

  /// The binary classification sign(phi_j), and the kernel's own regression on it.
  package struct SignTarget: Codable, Equatable {
    /// j, from 1 for the leading eigenvector.
    package var index: Int
    package var eigenvalue: Double
    package var trainAccuracy: Double
    /// The accuracy on sign(K(x, X) phi_j), the eigenfunction at the test images.
    package var testAccuracy: Double?

    package init(
      index: Int, eigenvalue: Double, trainAccuracy: Double, testAccuracy: Double? = nil
    ) {
      self.index = index
      self.eigenvalue = eigenvalue
      self.trainAccuracy = trainAccuracy
      self.testAccuracy = testAccuracy
    }
  }
}
