import Jobs

/// How the targets lie in a kernel's eigenvectors.
struct AlignmentSummary: Codable, Equatable {
  /// tr(Y' K Y) / (n tr(Y' Y)), Y one-hot less the offset.
  var alignment: Double
  var targetOffset: Double
  /// <K, other>_F / (|K|_F |other|_F) with the run's other kernel.
  var cosine: Double?
  /// tr(K)^2 / |K|_F^2: how many eigenvalues the trace is spread over.
  var participation: Double
  /// sum of lambda / (lambda + r m), m the mean of the diagonal.
  var effectiveDimensions: [EffectiveDimension]
  /// The part of |Y|^2 within the leading 1, 2, ... eigenvectors.
  var energies: [Double]
  /// Of regression on the signs of eigenvectors.
  var regularization: Double
  var targets: [SignTarget]
  var seconds: Double

  struct EffectiveDimension: Codable, Equatable {
    var regularization: Double
    var dimension: Double
  }

  /// The binary classification sign(phi_j), with the kernel's own regression on it.
  struct SignTarget: Codable, Equatable {
    /// j, from 1 for the leading eigenvector.
    var index: Int
    var eigenvalue: Double
    var trainAccuracy: Double
    /// On sign(K(x, X) phi_j), the eigenfunction at the test images.
    var testAccuracy: Double?
  }
}

extension AlignmentSummary {
  /// Whether this is what a job asks for.
  func answers(
    _ section: AlignmentSection, _ classes: Int, vectors: Int, kernels: Int
  ) -> Bool {
    energies.count == vectors && (cosine != nil) == (kernels > 1)
      && targets.map(\.index) == section.targets
      && regularization == section.regularization
      && effectiveDimensions.map(\.regularization) == section.dimensions
      && targetOffset == section.targetOffset(classes: classes)
  }
}
