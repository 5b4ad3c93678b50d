/// Several replacements in one pass over a text. Pictures are long, and `replacingOccurrences` reads all of one
/// for each replacement.
struct Replacements {
  /// Patterns and what takes their place, by the first byte of the pattern.
  private var byFirstByte = [[(pattern: [UInt8], text: [UInt8])]](repeating: [], count: 256)

  /// Adds a replacement; of patterns that fit at one place, the one that was added first is replaced.
  ///
  /// Precondition: the pattern is not empty.
  mutating func add(_ pattern: String, _ text: String) {
    let bytes = Array(pattern.utf8)
    byFirstByte[Int(bytes[0])].append((bytes, Array(text.utf8)))
  }

  /// The text with all of them made; what has been put in is not looked at again.
  func applied(to text: some StringProtocol) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var place = 0
    while place < bytes.count {
      let fitting = byFirstByte[Int(bytes[place])].first { entry in
        bytes[place...].starts(with: entry.pattern)
      }
      if let fitting {
        result += fitting.text
        place += fitting.pattern.count
      } else {
        result.append(bytes[place])
        place += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
