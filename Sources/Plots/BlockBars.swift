import Foundation

/// Bar charts of characters, for terminals.
public struct BlockBars: Sendable {
  /// The characters of a cell, from empty to full.
  private let levels: [Character]

  /// Bars of Unicode block elements, or of ASCII characters.
  public init(usesUnicode: Bool) {
    levels = Array(usesUnicode ? " ▁▂▃▄▅▆▇█" : " .:-=+*#@")
  }

  /// Whether the locale in `environment` is UTF-8; true if it names none.
  public static func hasUnicode(_ environment: [String: String]) -> Bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }
      .first { !$0.isEmpty }
    guard let locale = named?.lowercased() else { return true }
    return locale.contains("utf-8") || locale.contains("utf8")
  }

  /// Bars of `height` lines, from top to bottom, with one column per count; counts above zero are always visible.
  public func lines(_ counts: [Int], height: Int) -> [String] {
    let full = levels.count - 1
    let most = Double(max(counts.max() ?? 0, 1))
    let filled = counts.map { count in
      count == 0 ? 0 : max(1, Int((Double(count) / most * Double(height * full)).rounded()))
    }
    return (0..<height).reversed().map { line in
      String(filled.map { levels[min(max($0 - line * full, 0), full)] })
    }
  }

  /// A line of `width` characters that labels the powers of ten between two base-10 logarithms.
  public static func scale(from low: Double, to high: Double, width: Int) -> String {
    var cells = [Character](repeating: " ", count: width)
    guard high > low, width > 0 else { return String(cells) }
    var next = 0
    for power in Int(low.rounded(.up))...max(Int(high.rounded(.down)), Int(low.rounded(.up))) {
      let place = Int((Double(power) - low) / (high - low) * Double(width))
      let text = Array("1e\(power)")
      guard place >= next, place >= 0, place + text.count <= width else { continue }
      for (offset, character) in text.enumerated() { cells[place + offset] = character }
      next = place + text.count + 2
    }
    return String(cells)
  }
}
