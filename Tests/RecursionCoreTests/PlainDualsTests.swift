import Foundation
import RecursionCore
import Testing

/// The reference's dual activations against integrals over the plane.
@Suite struct PlainDualsTests {
  static let activations = ActivationExamples.all.filter { $0.name != "exp_normalized" }

  /// E f(u) f(v) by the trapezoidal rule on u = sqrt(q1) s, v = sqrt(q2) (c s + sqrt(1-c^2) t).
  func quadrature(
    _ f: (Double) -> Double, q1: Double, q2: Double, c: Double, step: Double
  ) -> Double {
    let points = Int((step < 0.1 ? 9 : 14) / step)
    let r = (1 - c * c).squareRoot()
    var sum = 0.0
    for i in -points...points {
      let s = (Double(i) + 0.5) * step
      let left = f(q1.squareRoot() * s) * exp(-s * s / 2)
      for j in -points...points {
        let t = (Double(j) + 0.25) * step
        sum += left * f(q2.squareRoot() * (c * s + r * t)) * exp(-t * t / 2)
      }
    }
    return sum * step * step / (2 * .pi)
  }

  @Test("both duals are the integrals", arguments: activations)
  func integrals(_ layer: LayerDescription) throws {
    let duals = try #require(PlainDuals(layer))
    // The smooth ones converge exponentially; with a kink as the step squared, with a jump as the step.
    let kinked = ["relu", "leaky_relu", "abs", "abrelu", "sign", "rectified_monomial"]
    let isSmooth = !kinked.contains(layer.name)
    let jumps = try ActivationExamples.jumps(layer)
    let step = isSmooth ? 0.1 : 0.01
    for (q1, q2, c) in [(0.7, 1.9, 0.4), (1.2, 0.3, -0.8), (2.0, 2.0, 0.95), (0.5, 1.0, 0.0)] {
      let (value, derivative) = duals.dual(q1, q2, c * (q1 * q2).squareRoot())
      let values = quadrature(duals.function, q1: q1, q2: q2, c: c, step: step)
      let slopes = quadrature(duals.derivative, q1: q1, q2: q2, c: c, step: step)
      let own = [q1, q2].map { duals.dual($0, $0, $0) }
      let size = max(1, (own[0].value * own[1].value).squareRoot())
      let slopeSize = max(1, (own[0].derivative * own[1].derivative).squareRoot())
      #expect(
        abs(value - values) < (isSmooth ? 1e-12 : jumps ? 1e-2 : 1e-4) * size,
        "\(layer) \(q1) \(q2) \(c)")
      #expect(
        abs(derivative - slopes) < (isSmooth ? 1e-12 : 1e-2) * slopeSize,
        "\(layer) \(q1) \(q2) \(c)")
    }
  }

  @Test(
    "the derivative dual is the derivative of the dual in k (Price)",
    arguments: ActivationExamples.all)
  func price(_ layer: LayerDescription) throws {
    if try ActivationExamples.jumps(layer) { return }
    let duals = try #require(PlainDuals(layer))
    let h = 1e-5
    for (q1, q2, k) in [(0.7, 1.9, 0.4), (1.2, 0.3, -0.5), (2.0, 2.0, 1.9)] {
      let slope = (duals.dual(q1, q2, k + h).value - duals.dual(q1, q2, k - h).value) / (2 * h)
      let derivative = duals.dual(q1, q2, k).derivative
      #expect(abs(slope - derivative) < 1e-8 * max(1, abs(derivative)), "\(text([layer]))")
    }
  }

  @Test("where the three covariances are one number, relu halves exactly")
  func identical() throws {
    let relu = try #require(PlainDuals(LayerDescription("relu")))
    #expect(relu.dual(0.3, 0.3, 0.3) == (0.15, 0.5))
    #expect(relu.dual(0, 0.3, 0) == (0, 0.5))
  }
}
