import RecursionCore

/// A fully connected network and one pair of images, with K, Theta and both deficits in many digits.
struct DeepCase: Sendable {
  let layer: LayerDescription
  let depth: Int
  let w, b, q1, q2, u: Double
  let expected: [Double]

  init(
    _ layer: LayerDescription, _ depth: Int, _ w: Double, _ b: Double, _ q1: Double, _ q2: Double,
    _ u: Double, _ expected: [Double]
  ) {
    (self.layer, self.depth) = (layer, depth)
    (self.w, self.b, self.q1, self.q2, self.u) = (w, b, q1, q2, u)
    self.expected = expected
  }

  init(
    _ activation: String, _ depth: Int, _ w: Double, _ b: Double, _ q1: Double, _ q2: Double,
    _ u: Double, _ expected: [Double]
  ) {
    self.init(LayerDescription(activation), depth, w, b, q1, q2, u, expected)
  }

  /// Relative errors of the core, of each of the four.
  func errors(_ precision: Precision) throws -> [Double] {
    let layers = fullyConnected(layer, depth: depth, w: w, b: b)
    return zip(try onePair(layers, precision, q1: q1, q2: q2, u: u), expected).map(relativeError)
  }
}
