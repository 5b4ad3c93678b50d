import CVector

/// phi(x) = a cos(b x + c), with amplitude a, frequency b and phase c: `Sin` with a phase of
/// c + pi/2.
package enum Cos: NamedActivation {
  package static let name = "cos"

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    activation(
      amplitude: try parameters.factor("amplitude"),
      frequency: try parameters.factor("frequency"),
      phase: try parameters.number("phase", default: 0))
  }

  /// phi(x) = a cos(b x + c).
  package static func activation(
    amplitude: Double = 1, frequency: Double = 1, phase: Double = 0
  ) -> Sin {
    Sin(amplitude: amplitude, frequency: frequency, sine: ntk_cos(phase), cosine: -ntk_sin(phase))
  }
}
