import Foundation

/// SplitMix64, so that a seed names the same networks and images everywhere.
///
/// Source: Steele, Lea, Flood 2014, figure 17.
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Uniform in [0, 1), 53 bits.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in [low, high).
  mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// Uniform in `range`.
  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// True with this probability.
  mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// One of `choices`, each as likely.
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[integer(0...choices.count - 1)]
  }

  /// N(0, 1), by Box and Muller.
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }
}

/// `count` images of N(0,1) pixels; about half of them have a black rectangle (never all black).
func randomImages(
  _ count: Int, height: Int, width: Int, channels: Int, seed: UInt64
) -> [PlainImage] {
  var random = SplitMix64(seed: seed)
  return (0..<count).map { _ in
    let values = (0..<height * width * channels).map { _ in random.normal() }
    var image = PlainImage(height: height, width: width, channels: channels, values: values)
    if height * width > 1 && random.chance(0.5) {
      let top = random.integer(0...height - 1)
      let left = random.integer(0...width - 1)
      let bottom = random.integer(top...height - 1)
      let right = random.integer(left...width - 1)
      let coversAll = (bottom - top + 1) * (right - left + 1) == height * width
      for i in top...bottom {
        for j in left...right where !(coversAll && i == top && j == left) {
          for c in 0..<channels { image.values[(i * width + j) * channels + c] = 0 }
        }
      }
    }
    return image
  }
}
