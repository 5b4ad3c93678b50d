import RecursionCore
import Testing

/// Against 120-digit arithmetic (Tests/Python/recursion_reference.py printed the numbers).
@Suite struct DeepPairsTests {
  struct Case: Sendable {
    let activation: String
    let depth: Int
    let w, b, q1, q2, u: Double
    let expected: [Double]

    init(
      _ activation: String, _ depth: Int, _ w: Double, _ b: Double, _ q1: Double, _ q2: Double,
      _ u: Double, _ expected: [Double]
    ) {
      self.activation = activation
      self.depth = depth
      (self.w, self.b, self.q1, self.q2, self.u) = (w, b, q1, q2, u)
      self.expected = expected
    }
  }

  static let cases = [
    Case(
      "relu", 3, 2, 0.05, 0.7, 1.9, 0.4,
      [1.98873506098919968, 4.92352955362444198, 0.541087067145503786, 4.862685240666556]),
    Case(
      "relu", 3, 2, 0, 1, 1, 1.999999,
      [0.987462180581741272, 1.37114577614041176, 1.01253781941825873, 6.62885422385958824]),
    Case(
      "relu", 1000, 2, 0, 0.3, 2.5, 0.7,
      [1.73197624026242855, 439.550103057389032, 0.0000745673064487482815, 1294.23275531905714]),
    Case(
      "relu", 3, 2, 0, 1, 4, 1e-14,
      [3.99999999999996, 15.9999989196203146, 3.99999963987348975e-14, 1.08037968535054711e-6]),
    Case(
      "relu", 200, 1.5, 0.1, 0.3, 2.5, 0.7,
      [0.4, 1.59999999999848503, 4.23529085881323325e-26, 1.51497305090820214e-12]),
    Case(
      "erf", 3, 1.76, 0.18, 0.7, 1.9, 0.4,
      [0.695211753638813995, 2.06829378026607946, 0.323944692280975666, 2.53211929171290426]),
    Case(
      "erf", 3, 4, 0.01, 1, 1.2, 1.0000001,
      [0.0277139867599014482, 0.058179912421162314, 2.51584467656586257, 23.9527292305741382]),
    Case(
      "erf", 200, 1, 0.05, 1, 1, 0.6,
      [0.288426691723180961, 2.17836022737240904, 7.45410927534890748e-14, 3.15502831327094089e-11]),
    Case(
      "erf", 200, 1, 0.05, 0.5, 1.6, 0.6,
      [0.288426691723182069, 2.17836022737286516, 7.3432949204970514e-14, 3.10813627505586726e-11]),
    Case(
      "erf", 60, 0.5, 0.18, 1, 1, 0.9,
      [
        0.303217390475272333, 0.530062385933172371, 2.06953151731423614e-23,
        1.61770509557439347e-21,
      ]),
    Case(
      "erf", 30, 4, 0.05, 1, 1, 0.5,
      [0.295891306817731856, 1.86618277668980799, 2.28228680077630531, 2083877.40378860656]),
    Case(
      "erf", 10, 1.76, 0.18, 1, 1, 1e-13,
      [0.996438406127514737, 11.5986589622643945, 1.22479057836676502e-13, 7.32638971382911697e-12]),
  ]

  func errors(_ c: Case, _ precision: Precision) throws -> [Double] {
    let layers = fullyConnected(LayerDescription(c.activation), depth: c.depth, w: c.w, b: c.b)
    let values = try onePair(layers, precision, q1: c.q1, q2: c.q2, u: c.u)
    return zip(values, c.expected).map(relativeError)
  }

  @Test("kernels agree with 120-digit arithmetic", arguments: cases)
  func kernels(_ c: Case) throws {
    let double = try errors(c, .f64)
    #expect(double[0] < 2e-13 && double[1] < 1e-12, "\(c): \(double)")
    let single = try errors(c, .f32)
    #expect(single[0] < 2e-5 && single[1] < 1e-4, "\(c): \(single)")
  }

  @Test("deficits keep their digits where the kernels have none left", arguments: cases)
  func deficits(_ c: Case) throws {
    let double = try errors(c, .f64)
    #expect(double[2] < 1e-11 && double[3] < 1e-11, "\(c): \(double)")
    let single = try errors(c, .f32)
    #expect(single[2] < 1e-3 && single[3] < 1e-3, "\(c): \(single)")
  }
}
