import Formulas
import Foundation
import RecursionCore
import Testing

/// Formulas that vary quickly: they oscillate, are steep, or grow like exponentials at the scale of their input.
@Suite struct FormulaVariationTests {
  /// Each oscillates several times within one deviation of its input, and its coefficients change quickly with it.
  @Test(
    "Formulas that oscillate agree with closed forms at all variances that have tables",
    arguments: [("sin(x)", "sin", 1.0), ("cos(x)", "cos", 1), ("sin(2 * x)", "sin", 2)])
  func oscillating(_ formula: String, _ name: String, _ frequency: Double) throws {
    let closed = LayerDescription(name, [.init("frequency", .number(frequency))])
    for phase in [0.5, 2, 4, 8, 11.3, 16, 32, 60] {
      for (ratio, u) in [(1.0, 0.4), (1.001, 1e-3), (1.3, 0.2), (2.5, 0.05), (4, 1.2), (12, 0.7)] {
        let (q1, q2) = (phase / (frequency * frequency), ratio * phase / (frequency * frequency))
        guard q2 < 140 else { continue }
        let given = try onePair(
          fullyConnected(FormulaActivationTests.elementwise(formula), depth: 1, w: 1, b: 0), .f64,
          q1: q1, q2: q2,
          u: u)
        let known = try onePair(
          fullyConnected(closed, depth: 1, w: 1, b: 0), .f64, q1: q1, q2: q2, u: u)
        for index in 0..<2 {
          #expect(
            abs(given[index] - known[index]) < 1e-12 * (abs(known[index]) + known[index + 2]),
            "\(formula) \(q1) \(q2) \(u) \(index)")
        }
      }
    }
  }

  @Test(
    "a fast oscillation behind slowly decaying coefficients is not lost", arguments: [4.0, 140])
  func oscillationBehindATail(variance: Double) throws {
    let formula = try Formula("tanh(x) + sin(20 * x)", parameters: [:])
    // 20 cos(20 x) alone has the mean square 200, and tanh' at most 1.
    let moments = try FormulaActivation(formula).moments(variance: variance)
    #expect(abs(moments.derivativeSquare - 200) < 1)
  }

  @Test("what varies too quickly to be integrated is refused with that reason")
  func tooQuick() throws {
    let network = fullyConnected(
      FormulaActivationTests.elementwise("tanh(x) + sin(300 * x)"), depth: 1, w: 1, b: 0)
    let error = #expect(throws: RangeError.self) {
      try onePair(network, .f64, q1: 140, q2: 140, u: 0.3)
    }
    #expect(error?.description.contains("varies too quickly to be integrated") ?? false)
  }

  /// E[cosh(a x)^2] = (1 + e^(2 a^2 q)) / 2 grows quickly within a cell of ln q.
  @Test(
    "moments of functions that grow like exponentials have their digits", arguments: [0.5, 1.0])
  func growingMoments(rate: Double) throws {
    let activation = try FormulaActivation(Formula("cosh(\(rate) * x)", parameters: [:]))
    for q in [0.3, 3.3, 4.8, 19, 38, 54, 76] where rate * rate * q < 40 {
      let found = activation.moments(variance: q)
      let known = (1 + exp(2 * rate * rate * q)) / 2
      #expect(relativeError(found.square, known) < 1e-12, "\(rate) \(q)")
      #expect(
        relativeError(found.derivativeSquare, rate * rate * (known - 1)) < 1e-12, "\(rate) \(q)")
    }
  }

  /// The breaks of the function and of its derivative differ by rounding.
  @Test("breaks that differ by rounding do no harm", arguments: [2.56, 3.1, 4, 9.3])
  func nearBreaks(variance: Double) throws {
    let formula = try Formula("abs(sin(x - 0.3) / (x - 0.3))", parameters: [:])
    let moments = try FormulaActivation(formula).moments(variance: variance)
    #expect(moments.square > 0 && moments.square < 1)
    let values = try onePair(
      fullyConnected(
        FormulaActivationTests.elementwise("abs(sin(x - 0.3) / (x - 0.3))"), depth: 1, w: 1, b: 0),
      .f64,
      q1: variance, q2: variance, u: 0.4)
    #expect(values[0] > 0 && values[0] < moments.square)
  }

  /// Sums over nodes that are too far apart for these look like those of slower functions.
  @Test(
    "what oscillates many times within a deviation of its input agrees with the closed form",
    arguments: [10.0, 30, 50, 70])
  func fast(frequency: Double) throws {
    let formula = FormulaActivationTests.elementwise("sin(\(frequency) * x)")
    let closed = LayerDescription("sin", [.init("frequency", .number(frequency))])
    for (q1, q2, u) in [(1.0, 1.0, 1e-4), (1, 1, 0.3), (1.2, 1, 1e-3), (1.7, 1.7, 1e-4)] {
      let values = try [formula, closed].map {
        try onePair(fullyConnected($0, depth: 1, w: 1, b: 0), .f64, q1: q1, q2: q2, u: u)
      }
      for index in 0..<2 {
        #expect(
          abs(values[0][index] - values[1][index])
            < 1e-12 * (abs(values[1][index]) + values[1][index + 2]),
          "\(frequency) \(q1) \(q2) \(u) \(index)")
      }
    }
  }

  /// Means of products of ReLU and so fast a sine are below e^-70.
  @Test(
    "a fast oscillation is seen beside a break at 0", arguments: [(12.0, 1.0), (30, 1), (30, 4)])
  func fastWithBreak(frequency: Double, q: Double) throws {
    let layers = [
      FormulaActivationTests.elementwise("max(x, 0) + sin(\(frequency) * x)"),
      LayerDescription("relu"),
      LayerDescription("sin", [.init("frequency", .number(frequency))]),
    ]
    for u in [1e-4, 0.3, 1.2] {
      let values = try layers.map {
        try onePair(fullyConnected($0, depth: 1, w: 1, b: 0), .f64, q1: q, q2: q, u: u)
      }
      for index in 0..<2 {
        let known = values[1][index] + values[2][index]
        let largest = abs(known) + values[1][index + 2] + values[2][index + 2]
        #expect(abs(values[0][index] - known) < 2e-12 * largest, "\(frequency) \(q) \(u) \(index)")
      }
    }
  }

  /// Too steep for Hermite's polynomials at these variances, so that they are integrated.
  @Test(
    "steep functions at large variances agree with those of a smaller slope at larger variances",
    arguments: [
      ("erf(2 * x)", LayerDescription("erf"), 2.0, 70.0),
      ("erf(5 * x)", LayerDescription("erf"), 5, 70),
      ("tanh(2 * x)", FormulaActivationTests.elementwise("tanh(x)"), 2, 25),
    ])
  func steep(_ formula: String, _ plain: LayerDescription, _ slope: Double, _ q: Double) throws {
    for (ratio1, ratio2, u) in [(1, 1, 0.4), (0.9, 1.4, 0.05), (1.4, 1.1, 1.3)] {
      func values(_ layer: LayerDescription, _ q: Double) throws -> [Double] {
        try onePair(
          fullyConnected(layer, depth: 1, w: 1, b: 0), .f64, q1: ratio1 * q, q2: ratio2 * q, u: u)
      }
      let given = try values(FormulaActivationTests.elementwise(formula), q)
      let known = try values(plain, slope * slope * q)
      for index in 0..<2 {
        #expect(
          abs(given[index] - known[index]) < 1e-12 * (abs(known[index]) + known[index + 2]),
          "\(formula) \(ratio1) \(ratio2) \(u) \(index)")
      }
    }
  }
}
