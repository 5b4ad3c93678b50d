import Failures

/// Arrays of images in memory.
package enum ImageArrays {
  /// The index of the first number that is NaN or infinite; nil where there is none.
  package static func firstNonFinite(_ numbers: UnsafeBufferPointer<Double>) -> Int? {
    // A number less itself is 0 unless it is NaN or infinite, and sums of such differences are NaN.
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

  /// The error that an array called `name` holds a number that is not finite.
  package static func refusal(_ name: String, number: Double, image: Int) -> Refusal {
    Refusal(.badData, "\(name) holds \(number) in image \(image); correct that image")
  }
}
