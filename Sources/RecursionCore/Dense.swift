/// A fully connected layer (and every other sum of a scaled covariance and an independent term):
///
///     K <- w K + b,    Theta <- K_new + w Theta
///
/// (`stax.Dense`, NTK parameterization.) Deficits: for vectors of length sqrt(w) n_i to which
/// independent parts of length p_i are added,
///
///     n1' n2' - (w n1 n2 + p1 p2) = 1/2 (A1 B2 - A2 B1)^2,
///     n' = sqrt(w n^2 + p^2),  A = sqrt(n' + sqrt(w) n),  B = p / A,
///
/// a square, so nothing cancels. K has n = sqrt(K_ii), p = sqrt(b); Theta has n = sqrt(Theta_ii),
/// p = sqrt(K_new,ii).
package struct Dense: Sendable, Equatable {
  /// The name in a job file.
  package static let name = "dense"

  /// sigma_w^2.
  package let weightVariance: Double
  /// sigma_b^2.
  package let biasVariance: Double
  /// Whether the parameters are trained; if not, Theta gains no K_new.
  package let isTrained: Bool

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    weightVariance = try parameters.number("weight_variance", default: 1, atLeast: 0)
    biasVariance = try parameters.number("bias_variance", default: 0, atLeast: 0)
    isTrained = try parameters.flag("trained", default: true)
  }

  /// The step on pairs of images, and a convolution's on pairs of pixels.
  var step: AffineStep {
    AffineStep(weightVariance: weightVariance, biasVariance: biasVariance, trained: isTrained)
  }
}
