import RecursionCore
import Testing

/// Networks of the activations with closed forms, up to depth 200 in the ordered and in the chaotic
/// phase, against 400-digit arithmetic (Tests/Python/recursion_reference.py printed the numbers).
@Suite struct DeepActivationsTests {
  struct Case: Sendable {
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
  }

  private static func layer(_ name: String, _ parameters: [String: Double]) -> LayerDescription {
    ActivationExamples.layer(name, parameters)
  }
  private static func layer(
    _ name: String, _ list: String, _ numbers: [Double]
  ) -> LayerDescription {
    ActivationExamples.layer(name, list, numbers)
  }

  static let cases = [
    Case(
      layer("leaky_relu", ["negative_slope": 0.1]), 3, 1.9, 0.1, 0.7, 1.9, 0.4,
      [1.82461531366352035, 4.71368356336651327, 0.527079229076279613, 4.05427820789723144]),
    Case(
      layer("leaky_relu", ["negative_slope": -0.3]), 200, 1.5, 0.1, 0.3, 2.5, 0.7,
      [0.547945205479452059, 3.00243946009858504, 6.77407109967743129e-19, 2.19806053386916277e-8]),
    Case(
      layer("abs", [:]), 3, 1, 0.1, 0.7, 1.9, 0.4,
      [1.41015893657147645, 2.73310138491233239, 0.180438435487210189, 2.98354098627024842]),
    Case(
      layer("abs", [:]), 2, 1, 0, 1, 1.5, 1.75,
      [1.06547495877033318, 1.99833176946562059, 0.159269912621255871, 1.67590284470914656]),
    Case(
      layer("abs", [:]), 200, 0.9, 0.1, 0.3, 2.5, 1.3,
      [1.00000000021072666, 9.99890611839210582, 4.32561898926514327e-11, 0.00109392630887442466]),
    Case(
      layer("rbf", ["gamma": 0.5]), 200, 0.9, 0.1, 0.5, 1.6, 0.6,
      [0.999999999895741613, 9.99999977804013717, 1.04258386860098948e-10, 2.15642039489438511e-7]),
    Case(
      layer("rbf", ["gamma": 0.5]), 200, 1.2, 0.1, 0.5, 1.6, 0.6,
      [0.923562002750538721, 5.23448473202026261, 0.376437997249461279, 53719907368364231.2]),
    Case(
      layer("gaussian", ["rate": -1]), 3, 2, 0.1, 0.7, 1.9, 0.4,
      [0.884324321196405899, 1.47071262014615726, 0.0703956416713136259, 1.3681376659417784]),
    Case(
      layer("gaussian", ["rate": -0.3]), 200, 8, 0.1, 0.5, 1.6, 0.6,
      [3.57733862582327696, 23.2451061778432961, 8.54892295142423058e-16, 4.01590098347139268e-12]),
    Case(
      layer("gaussian", ["rate": -0.3]), 200, 12, 0.1, 0.5, 1.6, 0.6,
      [4.36262477912806702, 28.0974694128849487, 0.377489384119117285, 15654851830605747.9]),
    Case(
      layer("exp", ["rate": 0.5]), 30, 0.6, 0.1, 0.9, 0.9, 0.6,
      [1.1852238980509993, 1.62650420298173667, 1.80547329601332151e-18, 7.68481891818786784e-17]),
    Case(
      layer("exp", ["rate": 1]), 1, 1, 0, 0.5, 0.5, 1e-13,
      [2.71828182845890932, 4.07742274268822807, 1.35914091422948864e-13, 3.39785228557368762e-13]),
    Case(
      layer("exp_normalized", ["gamma": 0.9]), 200, 0.9, 0.1, 0.9, 0.9, 0.6,
      [0.999999999936504288, 5.26315789410188486, 1.06473380642985757e-19, 1.19049706605144319e-16]),
    Case(
      layer("exp_normalized", ["gamma": 1.1]), 200, 1, 0, 0.5, 1.6, 0.6,
      [0.736888023371351652, 7.8603430445754543, 0.157539167628564226, 1868420855.98191153]),
    Case(
      layer("gabor", [:]), 3, 2, 0.1, 0.7, 1.9, 0.4,
      [0.195409463176444638, 0.378433476719190049, 0.0610427803837312515, 1.20680774348568362]),
    Case(
      layer("gabor", [:]), 200, 2, 0.1, 0.5, 1.6, 0.6,
      [0.257238551249261069, 2.99553588102630799, 4.79049910293382388e-10, 1.40363247326374198e-6]),
    Case(
      layer("gabor", [:]), 200, 2.7, 0.1, 0.5, 1.6, 0.6,
      [0.260387039153376752, 2.06531508697768567, 0.0583439364386475664, 3568100738667.90633]),
    Case(
      layer("gabor", [:]), 3, 2, 0.1, 1, 1, 1e-13,
      [0.256620752752621937, 1.49338072744883149, 7.72506424747556655e-14, 2.17600131935238895e-12]),
    Case(
      layer("hermite", ["degree": 2]), 30, 0.3, 0.2, 0.9, 0.9, 0.6,
      [0.300485539890333298, 0.366576014947794195, 9.5194813435539748e-24, 6.42445407945413345e-22]),
    Case(
      layer("hermite", ["degree": 3]), 30, 0.3, 0.2, 0.5, 1.6, 0.6,
      [0.2707478273279549, 0.38972664816510379, 6.73179491011359929e-17, 3.39815819157034033e-15]),
    Case(
      layer("hermite", ["degree": 3]), 1, 1, 0, 1, 1, 1e-10,
      [0.9999999997, 3.9999999988, 2.9999999997e-10, 1.19999999988e-9]),
    Case(
      layer("monomial", ["degree": 2]), 3, 0.5, 0.1, 0.9, 0.7, 0.6,
      [0.284249025946599881, 0.606115835874440416, 0.113966891150748334, 0.988733021694584253]),
    Case(
      layer("polynomial", "coefficients", [0.1, 0.9, 0.05, -0.02]), 200, 1.1, 0.1, 0.5, 1.6, 0.6,
      [0.66026301131421501, 3.7729897188713913, 9.82747999021301604e-18, 2.16407481677674128e-15]),
    Case(
      layer("polynomial", "coefficients", [0, 1.5, 0, -0.1]), 200, 0.5, 0.05, 0.5, 1.6, 0.6,
      [0.533486007801329531, 6.96031356278008762, 2.91390219390662715e-8, 9.70960438344832192e-6]),
    Case(
      layer("polynomial", "coefficients", [0, 1.5, 0, -0.1]), 200, 0.7, 0.05, 0.5, 1.6, 0.6,
      [0.545772631932108228, 8.19575374143786644, 0.683251534169243839, 224406502.185313669]),
    Case(
      layer("rectified_monomial", ["degree": 2]), 3, 0.7, 0.1, 0.7, 0.9, 0.4,
      [0.227176359444976995, 0.537303868637744421, 0.0736083029578818797, 0.563441578727857797]),
    Case(
      layer("rectified_monomial", ["degree": 2]), 2, 1, 0, 0.7, 0.9, 1.75,
      [0.226137448257040688, 0.207253605827268751, 1.11340005174295931, 5.29973389417273125]),
    Case(
      layer("rectified_monomial", ["degree": 2]), 15, 0.3, 0.1, 0.7, 0.9, 0.4,
      [
        0.104957206873620646, 0.112011025498868323, 4.15580533552393052e-19,
        1.32468039456102532e-17,
      ]),
    Case(
      layer("rectified_monomial", ["degree": 3]), 2, 0.5, 0.1, 0.7, 0.7, 1e-9,
      [0.423198078712767047, 1.81505111775710245, 6.30075055036342136e-10, 4.74026540561073553e-9]),
    Case(
      layer("rectified_monomial", ["degree": 0]), 200, 2, 0.1, 0.7, 0.9, 0.3,
      [0.910224522503817616, 0.910224522503817616, 0.189775477496182384, 0.189775477496182384]),
  ]

  func errors(_ c: Case, _ precision: Precision) throws -> [Double] {
    let layers = fullyConnected(c.layer, depth: c.depth, w: c.w, b: c.b)
    let values = try onePair(layers, precision, q1: c.q1, q2: c.q2, u: c.u)
    return zip(values, c.expected).map(relativeError)
  }

  @Test("kernels and deficits keep their digits", arguments: cases)
  func kernels(_ c: Case) throws {
    let double = try errors(c, .f64)
    #expect(double[0] < 2e-13 && double[1] < 1e-12, "\(c): \(double)")
    #expect(double[2] < 1e-11 && double[3] < 1e-11, "\(c): \(double)")
    let single = try errors(c, .f32)
    #expect(single[0] < 2e-5 && single[1] < 1e-4, "\(c): \(single)")
    #expect(single[2] < 1e-3 && single[3] < 1e-3, "\(c): \(single)")
  }
}
