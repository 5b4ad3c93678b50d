/// Text for HTML and SVG.
enum HTMLText {
  /// The text with HTML's special characters escaped.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }

  /// The escaped text, with `λ_max` written as λ with a subscript.
  static func withSubscripts(_ text: String) -> String {
    escaped(text).split(separator: " ", omittingEmptySubsequences: false).map { word in
      let parts = word.split(separator: "_", maxSplits: 1)
      guard parts.count == 2, let symbol = parts[0].last, symbol.isLetter, !symbol.isASCII else {
        return String(word)
      }
      // An exponent is placed above the subscript.
      let base = parts[1].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
      return "\(parts[0])<sub>\(base)</sub>\(parts[1].dropFirst(base.count))"
    }.joined(separator: " ")
  }
}
