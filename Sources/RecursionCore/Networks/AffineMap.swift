/// The effect of random weights and biases on the kernels of a signal:
///
///     K <- w K + b,    Theta <- w Theta + alpha K + beta    (K before the layer)
///
/// The variance of the weights is w divided by the number of inputs; the variance of the biases is
/// b. In the NTK parameterization, alpha = w and beta = b, so that the new K is added to Theta. In
/// the standard parameterization, the gradient belongs to weights that contain their scale; alpha
/// is then the number of weights of an output, and beta is 1. Weights that are not trained have
/// alpha = beta = 0. (Sohl-Dickstein et al. 2020, arXiv 2001.07301.)
struct AffineMap: Sendable, Equatable {
  /// w and b.
  let weightVariance: Double
  let biasVariance: Double
  /// alpha and beta.
  let trainedWeight: Double
  let trainedBias: Double

  /// The map of a layer without weights.
  static let identity = AffineMap(
    weightVariance: 1, biasVariance: 0, trainedWeight: 0, trainedBias: 0)

  /// The map in the form of the engines that support only the NTK parameterization, in which the
  /// new K or nothing is added to Theta; nil for the standard parameterization.
  var step: AffineStep? {
    let trained = AffineStep(
      weightVariance: weightVariance, biasVariance: biasVariance, trained: true)
    if trainedWeight == weightVariance && trainedBias == biasVariance { return trained }
    guard trainedWeight == 0, trainedBias == 0 else { return nil }
    return AffineStep(weightVariance: weightVariance, biasVariance: biasVariance, trained: false)
  }

  /// The variance and the NTK of a position, from their means under the window.
  func advance(_ state: ImageState) -> ImageState {
    ImageState(
      variance: weightVariance * state.variance + biasVariance,
      tangent: weightVariance * state.tangent + trainedWeight * state.variance + trainedBias)
  }
}
