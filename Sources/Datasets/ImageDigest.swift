/// A 64-bit fingerprint of images, labels or other numbers in their order. It does not depend on the file format.
///
/// A change of one bit changes the fingerprint, except with a probability of about 2^-64. Stores
/// keep this fingerprint, so the algorithm must not change.
package struct ImageDigest {
  package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  package init() {}

  package mutating func take(_ word: UInt64) {
    // FNV-1a on words. The shift brings high bits down, which multiplication alone never does.
    value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
    value ^= value >> 32
  }

  package mutating func take(_ text: String) {
    for byte in text.utf8 { take(UInt64(byte)) }
  }

  mutating func take(_ numbers: UnsafeMutableBufferPointer<Double>) {
    for number in numbers { take(number.bitPattern) }
  }
}
