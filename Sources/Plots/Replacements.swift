/// Makes several replacements in one pass over a text. Pictures are long, and
/// `replacingOccurrences` would read the whole text once for each replacement.
struct Replacements {
  /// Patterns and their replacements, indexed by the first byte of the pattern.
  private var byFirstByte = [[(pattern: [UInt8], text: [UInt8])]](repeating: [], count: 256)

  /// Adds a replacement. If several patterns match at the same place, the one that was added first is used.
  ///
  /// Precondition: the pattern is not empty.
  mutating func add(_ pattern: String, _ text: String) {
    let bytes = Array(pattern.utf8)
    byFirstByte[Int(bytes[0])].append((bytes, Array(text.utf8)))
  }

  /// The text with all replacements made. Inserted text is not searched again.
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
