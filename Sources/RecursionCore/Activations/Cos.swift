import CVector

/// phi(x) = a cos(b x + c), with amplitude a, frequency b and phase c: `Sin` a quarter of a turn on.
package struct Cos: Activation {
  package static let name = "cos"
  package static let isCalled = true

  private let sine: Sin

  /// a cos(b x + c).
  package init(amplitude: Double = 1, frequency: Double = 1, phase: Double = 0) {
    sine = Sin(
      amplitude: amplitude, frequency: frequency, sine: ntk_cos(phase), cosine: -ntk_sin(phase))
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    self.init(
      amplitude: try parameters.factor("amplitude"),
      frequency: try parameters.factor("frequency"),
      phase: try parameters.number("phase", default: 0))
  }

  package func moments(variance: Double) -> Moments { sine.moments(variance: variance) }

  package func largestVariance(_ precision: Precision) -> Double {
    sine.largestVariance(precision)
  }

  package var imageValueCount: Int { sine.imageValueCount }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    sine.writeImageValues(variance: variance, to: values)
  }

  package var dualIsNonNegative: Bool { sine.dualIsNonNegative }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    sine.dual(pair, x, y)
  }
}
