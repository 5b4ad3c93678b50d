/// SipHash-2-4 of a few words: a tag that can be computed only with the key.
///
/// Source: Aumasson and Bernstein, INDOCRYPT 2012.
public struct SipHash: Sendable, Equatable {
  /// The key, as two words.
  public let key: [UInt64]

  /// Creates a random key.
  public init() { key = [.random(in: 0...UInt64.max), .random(in: 0...UInt64.max)] }

  /// Uses a known key of two words; nil for any other number of words.
  public init?(key: [UInt64]) {
    guard key.count == 2 else { return nil }
    self.key = key
  }

  /// The tag of words, computed from their bytes in little-endian order.
  public func tag(of words: [UInt64]) -> UInt64 {
    var state = State(
      v0: key[0] ^ 0x736f_6d65_7073_6575, v1: key[1] ^ 0x646f_7261_6e64_6f6d,
      v2: key[0] ^ 0x6c79_6765_6e65_7261, v3: key[1] ^ 0x7465_6462_7974_6573)
    for word in words + [UInt64(8 * words.count) << 56] {
      state.v3 ^= word
      state.mix(rounds: 2)
      state.v0 ^= word
    }
    state.v2 ^= 0xff
    state.mix(rounds: 4)
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
  }

  private struct State {
    var v0, v1, v2, v3: UInt64

    mutating func mix(rounds: Int) {
      for _ in 0..<rounds {
        v0 &+= v1
        v1 = rotated(v1, 13) ^ v0
        v0 = rotated(v0, 32)
        v2 &+= v3
        v3 = rotated(v3, 16) ^ v2
        v0 &+= v3
        v3 = rotated(v3, 21) ^ v0
        v2 &+= v1
        v1 = rotated(v1, 17) ^ v2
        v2 = rotated(v2, 32)
      }
    }

    private func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
      value << bits | value >> (64 - bits)
    }
  }
}
