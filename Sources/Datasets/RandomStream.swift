/// A stream of random 64-bit words that is the same on every machine.
///
/// Source: xoshiro256** seeded by SplitMix64, Blackman and Vigna, https://prng.di.unimi.it.
public struct RandomStream: Sendable {
  private var s0: UInt64
  private var s1: UInt64
  private var s2: UInt64
  private var s3: UInt64

  /// Creates the stream of a seed. The keys distinguish streams with the same seed.
  public init(seed: UInt64, key keys: UInt64...) {
    var mixed = SplitMix64(state: seed)
    for key in keys { mixed = SplitMix64(state: mixed.next() ^ key) }
    (s0, s1, s2, s3) = (mixed.next(), mixed.next(), mixed.next(), mixed.next())
  }

  /// The next word.
  public mutating func next() -> UInt64 {
    let product = s1 &* 5
    let result = (product << 7 | product >> 57) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = s3 << 45 | s3 >> 19
    return result
  }

  /// A whole number in 0..<bound, uniformly distributed. Source: Lemire, arXiv:1805.10941.
  ///
  /// Precondition: `bound` is positive.
  public mutating func below(_ bound: Int) -> Int {
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// A number uniformly distributed in 0..<1, with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A nearly normal number with mean 0 and variance 1, within +-3.5: the sum of four 16-bit uniform numbers.
  ///
  /// Uses only exact arithmetic and one rounding, so that the result does not depend on a machine's
  /// logarithm or cosine.
  public mutating func nearlyNormal() -> Double {
    let word = next()
    let sum = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)
    // Each number has mean (2^16 - 1)/2 and variance (2^32 - 1)/12.
    return (Double(sum) - 131070) * 2.642_899_792_130_301_4e-5
  }

  /// Shuffles such that the first `count` values are a draw without replacement.
  public mutating func shuffle(_ values: inout [Int], first count: Int) {
    for place in 0..<min(count, values.count - 1) {
      values.swapAt(place, place + below(values.count - place))
    }
  }
}

/// The generator that expands a seed to a larger state.
private struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}
