import Failures

/// Checks arrays of images in memory.
package enum ImageArrays {
  /// The index of the first number that is NaN or infinite; nil if there is none.
  package static func firstNonFinite(_ numbers: UnsafeBufferPointer<Double>) -> Int? {
    // The difference of a number and itself is 0, unless the number is NaN or infinite; then the
    // difference and its sums are NaN.
    var sums = SIMD8<Double>()
    let whole = numbers.count / 8 * 8
    if let base = numbers.baseAddress {
      for start in stride(from: 0, to: whole, by: 8) {
        let values = UnsafeRawPointer(base + start).loadUnaligned(as: SIMD8<Double>.self)
        sums += values - values
      }
    }
    guard sums.sum().isNaN || numbers[whole...].contains(where: { !$0.isFinite }) else {
      return nil
    }
    return numbers.firstIndex { !$0.isFinite }
  }

  /// The error for an array called `name` that contains a number that is not finite.
  package static func refusal(_ name: String, number: Double, image: Int) -> Refusal {
    Refusal(.badData, "\(name) holds \(number) in image \(image); correct that image")
  }
}
