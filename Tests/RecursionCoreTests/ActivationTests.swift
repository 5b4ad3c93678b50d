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
    if u <= 1 {
      let other = activation.dualOfNonNegative(pair, values(q1), values(q2))
      #expect(relativeError(first(other.value.covariance), first(dual.value.covariance)) < 1e-14)
      #expect(abs(first(other.derivative.deficit) - first(dual.derivative.deficit)) < 1e-15)
    }
    return Result(
      value: first(dual.value.covariance), valueDeficit: first(dual.value.deficit),
      derivative: first(dual.derivative.covariance),
      derivativeDeficit: first(dual.derivative.deficit))
  }

  func check<A: Activation>(_ activation: A) {
    let name = A.name
    for (q1, q2) in [(1.0, 1.0), (0.2, 0.2), (0.3, 2.0), (5.0, 4.9), (1e-3, 30.0)] {
      let (a, b) = (activation.moments(variance: q1), activation.moments(variance: q2))
      let largest = (a.square * b.square).squareRoot()
      let largestDerivative = (a.derivativeSquare * b.derivativeSquare).squareRoot()
      for u in [0, 1e-12, 1e-3, 0.3, 0.9, 1, 1.1, 1.7, 1.999] {
        let d = dual(activation, q1, q2, u)
        let mirrored = dual(activation, q2, q1, u)
        #expect(abs(d.value - mirrored.value) <= 1e-15 * largest, "\(name) is symmetric")
        #expect(
          abs(d.value + d.valueDeficit - largest) < 4e-15 * largest,
          "\(name): the value and its deficit add up to the largest, \(q1) \(q2) \(u)")
        #expect(
          abs(d.derivative + d.derivativeDeficit - largestDerivative) < 4e-15 * largestDerivative,
          "\(name): the same of the derivative, \(q1) \(q2) \(u)")
        #expect(d.valueDeficit >= -1e-15 * largest && d.derivativeDeficit >= 0)
        if activation.dualIsNonNegative { #expect(d.value >= 0) }
        // d/dk E[phi phi] = E[phi' phi'] (Price's theorem), by a central difference.
        if u > 0.2 && u < 1.8 {
          let step = 1e-5
          let s = (q1 * q2).squareRoot()
          let difference =
            (dual(activation, q1, q2, u - step).value - dual(activation, q1, q2, u + step).value)
            / (2 * step * s)
          // Relative, but for what is 0 by symmetry (cos at K12 = 0).
          #expect(
            abs(difference - d.derivative) < 1e-6 * abs(d.derivative) + 1e-10 * largestDerivative,
            "\(name) \(q1) \(q2) \(u)")
        }
      }
      if q1 == q2 {
        let d = dual(activation, q1, q2, 0)
        #expect(relativeError(d.value, a.square) < 1e-15 && d.valueDeficit == 0)
        #expect(relativeError(d.derivative, a.derivativeSquare) < 1e-15 && d.derivativeDeficit == 0)
      }
    }
    // An image without variance: nothing is divided by it.
    let black = dual(activation, 0, 1, 0)
    #expect(black.value.isFinite && black.derivative.isFinite && black.valueDeficit.isFinite)
  }

  @Test("every activation keeps the contract", arguments: LayerCatalog.activations.map { $0.name })
  func contract(_ name: String) throws {
    let type = try #require(LayerCatalog.activations.first { $0.name == name })
    var parameters = try LayerParameters(LayerDescription(name), position: name)
    func open<A: Activation>(_ type: A.Type) throws { check(try type.init(&parameters)) }
    try open(type)
  }

  @Test("erf keeps the contract with amplitude and scale")
  func generalErf() { check(Erf(amplitude: -1.5, scale: 0.7, shift: 0)) }

  @Test("sin and cos keep the contract with amplitude, frequency and phase")
  func generalSin() {
    check(Sin(amplitude: 0.7, frequency: 1.3, phase: 0.4))
    check(Sin(amplitude: -2, frequency: 0.6, phase: 2))
    check(Cos(amplitude: 1.5, frequency: -1.1, phase: 0.3))
  }
}
