/// phi(x) = (1 + erf(x / 2.4020563531719796)) / 2, the error function that is closest to the
/// logistic function on [-5, 5] (neural-tangents' `Sigmoid_like`).
package enum SigmoidLike: NamedActivation {
  package static let name = "sigmoid_like"

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    Erf(amplitude: 0.5, scale: 1 / 2.4020563531719796, shift: 0.5)
  }
}
