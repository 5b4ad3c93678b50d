/// phi(x) = max(x, 0) + a min(x, 0), with the slope a for negative x.
package enum LeakyReLU: NamedActivation {
  package static let name = "leaky_relu"

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    AbReLU(
      negativeSlope: try parameters.factor("negative_slope", default: 0.01), positiveSlope: 1)
  }
}
