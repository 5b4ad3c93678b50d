/// What random weights and biases do to the kernels of a signal:
///
///     K <- w K + b,    Theta <- w Theta + alpha K + beta    (K before the layer)
///
/// The weights' variance is w over the number of inputs, the biases' b. In the NTK parameterization
/// alpha = w and beta = b, so that Theta gains the new K; in the standard one, where the gradient
/// belongs to weights that carry their scale, alpha is the number of weights of an output and beta 1;
/// weights that are not trained have alpha = beta = 0. (Sohl-Dickstein et al. 2020, arXiv 2001.07301.)
struct AffineMap: Sendable, Equatable {
  /// w and b.
  let weightVariance: Double
  let biasVariance: Double
  /// alpha and beta.
  let trainedWeight: Double
  let trainedBias: Double

  /// No weights.
  static let identity = AffineMap(
    weightVariance: 1, biasVariance: 0, trainedWeight: 0, trainedBias: 0)

  /// The same in the form of the engines that know no other: Theta gains the new K or nothing; nil
  /// for the standard parameterization.
  var step: AffineStep? {
    let trained = AffineStep(
      weightVariance: weightVariance, biasVariance: biasVariance, trained: true)
    if trainedWeight == weightVariance && trainedBias == biasVariance { return trained }
    guard trainedWeight == 0, trainedBias == 0 else { return nil }
    return AffineStep(weightVariance: weightVariance, biasVariance: biasVariance, trained: false)
  }

  /// The variance and the NTK of a position, from the means of both under the window.
  func advance(_ state: ImageState) -> ImageState {
    ImageState(
      variance: weightVariance * state.variance + biasVariance,
      tangent: weightVariance * state.tangent + trainedWeight * state.variance + trainedBias)
  }
}
