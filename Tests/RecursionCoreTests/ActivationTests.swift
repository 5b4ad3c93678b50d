import Foundation
import RecursionCore
import Testing

/// What every activation must satisfy; a new one is tested by being in `LayerCatalog`.
@Suite struct ActivationTests {
  /// One image's values, the same in every lane.
  struct Values<L: Lanes>: ImageValues {
    let numbers: [Double]
    subscript(index: Int) -> L { L(numbers[index]) }
  }

  struct Result {
    var value, valueDeficit, derivative, derivativeDeficit: Double
  }

  func dual<A: Activation>(_ activation: A, _ q1: Double, _ q2: Double, _ u: Double) -> Result {
    func values(_ q: Double) -> Values<Float64Lanes> {
      var numbers = [Double](repeating: 0, count: activation.imageValueCount)
      numbers.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress else { return }
        activation.writeImageValues(variance: q, to: base)
      }
      return Values(numbers: numbers)
    }
    func first(_ lanes: Float64Lanes) -> Double {
      var numbers = [Double](repeating: 0, count: Float64Lanes.count)
      numbers.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress else { return }
        lanes.store(to: base)
      }
      return numbers[0]
    }
    let s = (q1 * q2).squareRoot()
    let pair = Pair<Float64Lanes>(covariance: .init(s * (1 - u)), deficit: .init(s * u))
    let dual = activation.dual(pair, values(q1), values(q2))
    if 1 - u >= A.leastOfNonNegativeForm {
      let other = activation.dualOfNonNegative(pair, values(q1), values(q2))
      #expect(relativeError(first(other.value.covariance), first(dual.value.covariance)) < 1e-14)
      #expect(abs(first(other.derivative.deficit) - first(dual.derivative.deficit)) < 1e-15)
    }
    return Result(
      value: first(dual.value.covariance), valueDeficit: first(dual.value.deficit),
      derivative: first(dual.derivative.covariance),
      derivativeDeficit: first(dual.derivative.deficit))
  }

  func check<A: Activation>(_ activation: A, _ name: String, hasSlope: Bool) {
    for (q1, q2) in [(1.0, 1.0), (0.2, 0.2), (0.3, 2.0), (5.0, 4.9), (1e-3, 30.0)] {
      let (a, b) = (activation.moments(variance: q1), activation.moments(variance: q2))
      let largest = (a.square * b.square).squareRoot()
      let largestDerivative = (a.derivativeSquare * b.derivativeSquare).squareRoot()
      for u in [0, 1e-12, 1e-3, 0.3, 0.9, 1, 1.1, 1.2, 1.7, 1.999] {
        let d = dual(activation, q1, q2, u)
        let mirrored = dual(activation, q2, q1, u)
        #expect(abs(d.value - mirrored.value) <= 1e-15 * largest, "\(name) is symmetric")
        #expect(
          abs(d.value + d.valueDeficit - largest) <= 4e-15 * largest,
          "\(name): the value and its deficit add up to the largest, \(q1) \(q2) \(u)")
        #expect(
          abs(d.derivative + d.derivativeDeficit - largestDerivative)
            <= 4e-15 * largestDerivative,
          "\(name): the same of the derivative, \(q1) \(q2) \(u)")
        #expect(
          d.valueDeficit >= -1e-15 * largest && d.derivativeDeficit >= 0, "\(name) \(q1) \(q2) \(u)"
        )
        if activation.dualIsNonNegative { #expect(d.value >= 0) }
        #expect(d.value >= (activation.leastCorrelation - 1e-15) * largest, "\(name) \(u)")
        if hasSlope && u > 0.2 && u < 1.8 { checkSlope(activation, name, q1, q2, u, d) }
      }
      if q1 == q2 {
        let d = dual(activation, q1, q2, 0)
        #expect(
          relativeError(d.value, a.square) < 1e-15 && d.valueDeficit == 0, "\(name) \(q1)")
        #expect(
          relativeError(d.derivative, a.derivativeSquare) < 1e-15 && d.derivativeDeficit == 0,
          "\(name) \(q1)")
      }
    }
    // An image without variance: nothing is divided by it.
    let black = dual(activation, 0, 1, 0)
    #expect(black.value.isFinite && black.derivative.isFinite && black.valueDeficit.isFinite)
    let moments = activation.moments(variance: 0)
    #expect(moments.square.isFinite && moments.derivativeSquare.isFinite)
  }

  /// d/dk E[phi phi] = E[phi' phi'] (Price's theorem), by a central difference.
  private func checkSlope<A: Activation>(
    _ activation: A, _ name: String, _ q1: Double, _ q2: Double, _ u: Double, _ d: Result
  ) {
    let (step, s) = (1e-5, (q1 * q2).squareRoot())
    let (above, below) = (
      dual(activation, q1, q2, u - step).value, dual(activation, q1, q2, u + step).value
    )
    let slope = (above - below) / (2 * step * s)
    // Relative, but for what is 0 by symmetry (cos at K12 = 0) and for the difference's rounding.
    let largest = d.derivative + d.derivativeDeficit
    let rounding = 2e-16 * max(abs(above), abs(below)) / (step * s)
    #expect(
      abs(slope - d.derivative) <= 1e-6 * abs(d.derivative) + 1e-10 * largest + 4 * rounding,
      "\(name) \(q1) \(q2) \(u)")
  }

  @Test(
    "every activation keeps the contract",
    arguments: ActivationExamples.all + ActivationExamples.formulas)
  func contract(_ layer: LayerDescription) throws {
    check(
      try ActivationExamples.activation(layer), text([layer]),
      hasSlope: try !ActivationExamples.jumps(layer))
  }

  @Test("every activation of the catalog has an example, so that it is tested")
  func examples() {
    let names = Set((ActivationExamples.all + ActivationExamples.formulas).map(\.name))
    #expect(names == Set(LayerCatalog.activations.map { $0.name }))
  }

  @Test("what is left out as a constant is the mean at every variance", arguments: [0.01, 1, 7])
  func constants(_ q: Double) throws {
    for layer in ActivationExamples.all {
      let activation = try ActivationExamples.activation(layer)
      guard activation.constantMean != 0, let plain = PlainDuals(layer) else { continue }
      let (step, root) = (1.0 / 16, q.squareRoot())
      let mean = (-160...160).reduce(0.0) { sum, index in
        let z = Double(index) * step
        return sum + plain.function(root * z) * exp(-z * z / 2) * step
      }
      let constant = mean / (2 * Double.pi).squareRoot()
      #expect(abs(constant - activation.constantMean) < 1e-13, "\(text([layer]))")
    }
  }

  @Test("the duals agree with the textbook's formulas", arguments: ActivationExamples.all)
  func textbook(_ layer: LayerDescription) throws {
    let plain = try #require(PlainDuals(layer))
    func compare<A: Activation>(_ activation: A) {
      let constant = activation.constantMean * activation.constantMean
      for (q1, q2) in [(1.0, 1.0), (0.3, 2.0), (5.0, 4.9), (0.02, 0.02)] {
        let own = [q1, q2].map { plain.dual($0, $0, $0) }
        let largest = (own[0].value * own[1].value).squareRoot()
        let largestSlope = (own[0].derivative * own[1].derivative).squareRoot()
        for u in [0.01, 0.3, 0.9, 1.1, 1.7, 1.99] {
          let d = dual(activation, q1, q2, u)
          let expected = plain.dual(q1, q2, (q1 * q2).squareRoot() * (1 - u))
          #expect(
            abs(d.value + constant - expected.value) <= 2e-14 * largest,
            "\(text([layer])) \(q1) \(q2) \(u)")
          #expect(
            abs(d.derivative - expected.derivative) <= 2e-14 * largestSlope,
            "\(text([layer])) \(q1) \(q2) \(u)")
        }
      }
    }
    compare(try ActivationExamples.activation(layer))
  }
}
