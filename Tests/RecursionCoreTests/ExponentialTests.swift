import Foundation
import RecursionCore
import Testing

/// The lanes' exponentials against the C library's, in units of the last place.
@Suite struct ExponentialTests {
  /// The first lane.
  func first<L: Lanes>(_ lanes: L) -> Double {
    var numbers = [L.Scalar](repeating: 0, count: L.count)
    numbers.withUnsafeMutableBufferPointer {
      if let base = $0.baseAddress { lanes.store(to: base) }
    }
    return Double(numbers[0])
  }

  /// The largest relative errors of e^x and of e^x - 1 over x in [`low`, `high`] and near 0.
  func errors<L: Lanes>(_ type: L.Type, low: Double, high: Double) -> (Double, Double) {
    var worst = (0.0, 0.0)
    for step in 0...40_000 {
      let fraction = Double(step) / 40_000
      let small = Foundation.pow(10, -12 * fraction)
      for exact in [low + (high - low) * fraction, 2 * fraction - 1, small] {
        let x = Double(L.Scalar(exact))
        worst.0 = max(worst.0, relativeError(first(L.exponential(L(x))), exp(x)))
        worst.1 = max(worst.1, relativeError(first(L.exponentialMinusOne(L(x))), expm1(x)))
      }
    }
    return worst
  }

  @Test("double-precision exponentials are right within 1.5 and 2.5 half units")
  func double() {
    let worst = errors(Float64Lanes.self, low: -707.9, high: 708.9)
    #expect(worst.0 < 1.5 * Double.ulpOfOne && worst.1 < 2.5 * Double.ulpOfOne, "\(worst)")
  }

  @Test("single-precision exponentials likewise")
  func single() {
    let unit = Double(Float.ulpOfOne)
    let worst = errors(Float32Lanes.self, low: -86.9, high: 87.9)
    #expect(worst.0 < 1.5 * unit && worst.1 < 2.5 * unit, "\(worst)")
  }

  @Test("far below zero they are 0 and -1, at zero exactly 1 and 0, and NaN stays")
  func ends() {
    func check<L: Lanes>(_ type: L.Type) {
      for x in [-1e30, -1000.0] {
        #expect(first(L.exponential(L(x))) == 0 && first(L.exponentialMinusOne(L(x))) == -1)
      }
      #expect(first(L.exponential(L(0))) == 1 && first(L.exponentialMinusOne(L(0))) == 0)
      #expect(first(L.exponential(L(.nan))).isNaN && first(L.exponentialMinusOne(L(.nan))).isNaN)
    }
    check(Float64Lanes.self)
    check(Float32Lanes.self)
  }
}
