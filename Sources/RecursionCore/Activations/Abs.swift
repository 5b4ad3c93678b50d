/// phi(x) = |x|.
package enum Abs: NamedActivation {
  package static let name = "abs"

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    AbReLU(negativeSlope: -1, positiveSlope: 1)
  }
}
