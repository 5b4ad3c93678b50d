import Foundation
import RecursionCore
import Testing

/// Continuous piecewise linear activations, whose duals have closed forms.
@Suite struct PiecewiseLinearTests {
  static let formulas = [
    "max(-1, min(1, x))", "min(max(x, 0), 6)", "max(x, 0.3)", "abs(x - 1)", "abs(abs(x) - 1)",
    "max(0, min(1, x / 6 + 0.5))", "x + abs(x + 2) - 0.3 * abs(x - 0.01)",
    "where(x < -1, -1 - 0.1 * (x + 1), where(x > 2, 2, x))",
  ]

  /// The same function, and what is no more than 1e-13 beside it but has no closed form.
  private static func layers(_ formula: String) -> [LayerDescription] {
    [formula, "\(formula) + 1e-13 * sin(x)"].map { FormulaActivationTests.elementwise($0) }
  }

  @Test("they have closed forms", arguments: formulas)
  func certificates(_ formula: String) throws {
    let certificates = try Self.layers(formula).map {
      try #require(try ActivationCertificate.all(in: [$0]).first)
    }
    #expect(certificates.map(\.form) == [.closedForms, .quadrature])
    let (f64, f32) = (
      try #require(certificates[0].errorF64), try #require(certificates[0].errorF32)
    )
    #expect(certificates[0].pairs == 256 && f64 < 1e-13 && f32 < 5e-6)
  }

  @Test(
    "functions that are curved somewhere have none",
    arguments: [
      "max(x, 0.3) + exp(-20 * (x - 1.5) ** 2)", "abs(x - 8) + exp(-2 * (x - 4) ** 2)",
      "min(x * sigmoid(200 * x), 6)", "max(x, 0.3) + 1e-9 * x ** 2", "where(x > 0.5, x, 0)",
    ])
  func curves(_ formula: String) throws {
    let layer = FormulaActivationTests.elementwise(formula)
    #expect(try ActivationCertificate.all(in: [layer]).first?.form == .quadrature)
  }

  @Test("one layer of very different variances keeps its digits")
  func apart() throws {
    // hard_tanh is x at small variances: E[phi(u) v] = K E[phi'(u)].
    for q in [1e-6, 1e-10, 1e-14] {
      let values = try onePair(
        fullyConnected(LayerDescription("hard_tanh"), depth: 1, w: 1, b: 0), .f64, q1: 1, q2: q,
        u: 0.4)
      let expected = 0.6 * q.squareRoot() * erf(1 / 2.squareRoot())
      #expect(relativeError(values[0], expected) < 2e-15, "\(q): \(values)")
    }
  }

  @Test("closed forms agree with the quadrature, deficits included", arguments: formulas)
  func quadrature(_ formula: String) throws {
    let pairs =
      FormulaActivationTests.pairs + [
        (0, 1, 1), (1e-6, 1e-6, 0.3), (40, 60, 0.7), (90, 90, 1e-5), (1, 1, 2), (3, 3, 1.999999),
        (0.9, 1, 1e-4), (1, 1.0000001, 1e-8), (4, 0.2, 1.9), (1, 3, 0), (1, 3, 2), (1, 1e-8, 0),
        (1, 1e-8, 2), (1e-7, 1e-9, 0), (1e-20, 2, 0.5),
      ]
    for (q1, q2, u) in pairs {
      let values = try Self.layers(formula).map {
        try onePair(fullyConnected($0, depth: 2, w: 0.8, b: 0.1), .f64, q1: q1, q2: q2, u: u)
      }
      for index in 0..<2 {
        #expect(
          abs(values[0][index] - values[1][index])
            < 2e-12 * (abs(values[1][index]) + values[1][index + 2]),
          "\(q1) \(q2) \(u) \(index): \(values)")
      }
      for index in 2..<4 {
        // The quadrature loses digits of pairs that are nearly equal.
        #expect(
          abs(values[0][index] - values[1][index])
            < 1e-8 * values[1][index] + 1e-12 * abs(values[1][index - 2]),
          "deficit \(q1) \(q2) \(u) \(index): \(values)")
      }
    }
  }

  @Test("the mirrored function has the same kernels", arguments: formulas)
  func symmetry(_ formula: String) throws {
    let mirrored = "-(\(formula.replacingOccurrences(of: "x", with: "(-x)").fixedMax))"
    for (q1, q2, u) in FormulaActivationTests.pairs {
      func values(_ formula: String, _ a: Double, _ b: Double) throws -> [Double] {
        try onePair(
          fullyConnected(FormulaActivationTests.elementwise(formula), depth: 2, w: 1.5, b: 0.1),
          .f64, q1: a, q2: b, u: u)
      }
      let known = try values(formula, q1, q2)
      let turned = try values(mirrored, q1, q2)
      for index in 0..<2 {
        #expect(
          abs(turned[index] - known[index]) < 5e-14 * (abs(known[index]) + known[index + 2]),
          "\(mirrored) \(q1) \(q2) \(u) \(index)")
      }
    }
  }

  @Test("deficits of nearly equal inputs have all digits")
  func deficits() throws {
    // One layer, w = 1, b = 0, equal variances q = 1: E[phi^2](1) - E[phi phi](c) is near
    // (1 - c) P(|z| < 1) for hard_tanh, with a correction of order (1 - c)^(3/2).
    let inside = erf(1 / 2.squareRoot())
    let density = exp(-0.5) / (2 * Double.pi).squareRoot()
    for u in [1e-6, 1e-9, 1e-12] {
      let values = try onePair(
        fullyConnected(LayerDescription("hard_tanh"), depth: 1, w: 1, b: 0), .f64, q1: 1, q2: 1,
        u: u)
      // P(|z| < 1) - 2 loss and 2 moments of `OrthantLoss` at h = k = 1, to second order.
      let angle = (2 * u).squareRoot() * (1 + u / 12)
      let loss = 2 * density * (2 * Double.pi).squareRoot() / (2 * Double.pi) * angle
      let moment = loss * angle * angle / 6
      let expected = u * (inside - loss) + moment
      #expect(relativeError(values[2], expected) < 2 * u + 1e-14, "\(u): \(values)")
    }
  }
}

extension String {
  /// Names that a replacement of x has broken.
  fileprivate var fixedMax: String { replacingOccurrences(of: "ma(-x)", with: "max") }
}
