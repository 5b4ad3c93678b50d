import Foundation
import RecursionCore
import Testing

/// Formulas with breaks away from 0, and large variances: pairs that are computed one by one.
@Suite struct TruncatedSeriesTests {
  typealias Case = (
    formula: String, q1: Double, q2: Double, u: Double, expected: [Double]
  )

  /// Tests/Python/plane_reference.py printed the numbers.
  static let cases: [Case] = [
    (
      hardSwish, 1, 2, 0.625,
      [0.19960455981049832, 0.35919975618546396, 0.30878752835187507, 0.70676826709042202]
    ),
    (
      hardSwish, 4, 4, 0.0625,
      [1.6504876911390649, 3.4109909154627552, 0.12023712535146284, 0.34282885550257074]
    ),
    (
      hardSwish, 0.5, 9, 1.75,
      [-0.25044497724316389, -0.52425006590185111, 1.0428196049054685, 2.1688561682489517]
    ),
    (
      "where(x > 0.5, x, 0)", 1, 2, 0.625,
      [0.33238161261251490, 0.41920717065598464, 0.35977695491650029, 0.74615913932569842]
    ),
    (
      "where(x > 0.5, x, 0)", 2, 2, 1.5,
      [0.082187022333109082, 0.021275918307014524, 0.90649011984268255, 1.6910748337005402]
    ),
    (
      "where(x > 1, x, exp(x) - 1)", 1, 1.5, 0.25,
      [0.65709651931797921, 1.6492050527006245, 0.23375065663929105, 0.8126878039301513]
    ),
    (
      "tanh(x)", 1024, 400, 0.25,
      [0.53886436382219601, 1.2583772734994254, 0.42871824758233988, 13.185565158248153]
    ),
    (
      "tanh(x)", 10000, 10000, 1.5,
      [-0.33330310707279154, -0.70081540366547044, 1.3253245895533046, 54.884283326292205]
    ),
  ]

  static let hardSwish = "x * min(max(x + 3, 0), 6) / 6"

  @Test("pairs agree with 80-bit quadrature", arguments: cases.indices)
  func reference(_ index: Int) throws {
    let (formula, q1, q2, u, expected) = Self.cases[index]
    let layers = fullyConnected(FormulaActivationTests.elementwise(formula), depth: 1, w: 1, b: 0)
    for (precision, tolerance) in [(Precision.f64, 1e-12), (.f32, 5e-6)] {
      let values = try onePair(layers, precision, q1: q1, q2: q2, u: u)
      for index in expected.indices {
        // The covariance and the deficit together are the root of the diagonals' product.
        let scale = abs(expected[index % 2]) + expected[index % 2 + 2]
        #expect(
          abs(values[index] - expected[index]) < tolerance * scale,
          "\(precision) \(formula) \(q1) \(q2) \(u) \(index)")
      }
    }
  }

  /// The formula, and the layer with its closed form.
  static let twins = [
    ("erf(x)", "erf"), ("0.5 * x * (1 + erf(x / sqrt(2)))", "gelu"), ("max(x, 0)", "relu"),
    ("exp(-x ** 2)", "gaussian"),
  ]

  @Test(
    "large variances agree with closed forms", arguments: twins, [0.003, 0.05, 0.4, 1, 1.7])
  func large(_ twin: (formula: String, closed: String), _ u: Double) throws {
    let layers = [FormulaActivationTests.elementwise(twin.formula), LayerDescription(twin.closed)]
    for (q1, q2) in [(150.5, 150.5), (200, 3000), (1e4, 0.5), (8e4, 1e5)] {
      let values = try layers.map {
        try onePair(fullyConnected($0, depth: 1, w: 1, b: 0), .f64, q1: q1, q2: q2, u: u)
      }
      for index in 0..<4 {
        let scale = abs(values[1][index % 2]) + values[1][index % 2 + 2]
        #expect(
          abs(values[0][index] - values[1][index]) < 1e-11 * scale, "\(twin) \(q1) \(q2) \(index)")
      }
    }
  }

  @Test(
    "breaks that only large variances meet are those of the function at a smaller scale",
    arguments: [("min(x, 600)", "min(x, 1)"), ("where(x > 600, 0, x)", "where(x > 1, 0, x)")])
  func farBreaks(_ formulas: (far: String, near: String)) throws {
    let scale = 600.0 * 600
    for (q1, q2, u) in [(1e5, 2e5, 0.4), (3e5, 3e5, 1.6)] {
      let layers = [formulas.far, formulas.near].map {
        fullyConnected(FormulaActivationTests.elementwise($0), depth: 1, w: 1, b: 0)
      }
      let far = try onePair(layers[0], .f64, q1: q1, q2: q2, u: u)
      let near = try onePair(layers[1], .f64, q1: q1 / scale, q2: q2 / scale, u: u)
      for index in 0..<4 {
        #expect(
          relativeError(far[index], scale * near[index]) < 1e-11, "\(formulas) \(q1) \(index)")
      }
    }
  }

  @Test("the series and the quadrature meet where one takes over from the other")
  func seam() throws {
    let layers = fullyConnected(
      FormulaActivationTests.elementwise(Self.hardSwish), depth: 1, w: 1, b: 0)
    let last = 1 - exp(-37.0 / 16384)
    let sides = try [1 - 1e-12, 1 + 1e-12].map {
      try onePair(layers, .f64, q1: 3, q2: 3, u: last * $0)
    }
    for index in 0..<4 { #expect(relativeError(sides[0][index], sides[1][index]) < 1e-11) }
  }
}
