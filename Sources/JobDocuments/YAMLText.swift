/// A value to be written as YAML.
package indirect enum YAMLText: Sendable {
  /// A text that needs no quotes or is quoted already.
  case scalar(String)
  case list([YAMLText])
  case mapping([(key: String, value: YAMLText)])

  /// A number in its shortest form.
  package static func number(_ number: Double) -> YAMLText { .scalar(numberText(number)) }

  /// A text, quoted if necessary.
  package static func text(_ text: String) -> YAMLText { .scalar(quotedWhereNeeded(text)) }

  /// The value in one line, in flow style.
  package var flow: String {
    switch self {
    case .scalar(let text): text
    case .list(let items): "[\(items.map(\.flow).joined(separator: ", "))]"
    case .mapping(let entries):
      "{\(entries.map { "\($0.key): \($0.value.flow)" }.joined(separator: ", "))}"
    }
  }

  /// The value in lines of up to 100 columns if possible. Values that fit on one line are in flow style.
  ///
  /// `column` is the column where the first line begins, and `indent` the column where the other lines begin.
  private func lines(column: Int, indent: Int) -> [String] {
    let flow = flow
    if column + flow.count <= 100 || isFlat { return [flow] }
    return block(indent: indent)
  }

  private var isFlat: Bool {
    switch self {
    case .scalar: true
    case .list(let items): items.isEmpty
    case .mapping(let entries): entries.isEmpty
    }
  }

  /// The value in block style, with one item or entry per line.
  package func block(indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    switch self {
    case .scalar: return [flow]
    case .list(let items):
      return items.flatMap { item in
        let lines =
          if case .mapping(let entries) = item, !entries.isEmpty {
            // Write `- dense: {...}` rather than `- {dense: {...}}`.
            item.block(indent: indent + 2)
          } else { item.lines(column: indent + 2, indent: indent + 2) }
        // A block begins on the line of its dash and keeps its own margin.
        return ["\(margin)- \(lines[0].drop { $0 == " " })"] + lines.dropFirst()
      }
    case .mapping(let entries):
      return entries.flatMap { entry in
        let lines = entry.value.lines(column: indent + entry.key.count + 2, indent: indent + 2)
        if lines.count == 1, !lines[0].hasPrefix(" ") {
          return ["\(margin)\(entry.key): \(lines[0])"]
        }
        return ["\(margin)\(entry.key):"] + lines
      }
    }
  }
}

/// The shortest text that reads back as `number`; a whole number has no fraction.
///
/// A number with an exponent also gets a decimal point, because YAML 1.1 readers take a number
/// without one for a word.
package func numberText(_ number: Double) -> String {
  if let whole = Int(exactly: number), abs(number) < 0x1p53 { return "\(whole)" }
  let text = "\(number)"
  guard let exponent = text.firstIndex(of: "e"), !text.utf8.contains(UInt8(ascii: ".")) else {
    return text
  }
  return text[..<exponent] + ".0" + text[exponent...]
}

/// The text itself if YAML reads it as a word; otherwise the text in double quotes.
package func quotedWhereNeeded(_ text: String) -> String {
  let first = text.utf8.first.map { isLetter($0) || "_./".utf8.contains($0) } ?? false
  let isPlain =
    first
    && text.utf8.allSatisfy {
      isLetter($0) || (0x30...0x39).contains($0) || "_./+=-".utf8.contains($0)
    }
  // YAML 1.1 readers have more words for true and false than this program.
  let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
  if isPlain, !reserved.contains(text.lowercased()), Scalar.number(text) == nil,
    ![".inf", ".nan"].contains(text.lowercased())
  {
    return text
  }
  return quoted(text)
}

/// The text in double quotes.
package func quoted(_ text: String) -> String {
  "\"" + text.unicodeScalars.map(escaped).joined() + "\""
}

private func isLetter(_ byte: UInt8) -> Bool {
  (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
}

/// A character of a double-quoted text. Characters that are not printable or break lines are written as numbers.
private func escaped(_ scalar: Unicode.Scalar) -> String {
  switch scalar {
  case "\"": return "\\\""
  case "\\": return "\\\\"
  case "\n": return "\\n"
  case "\t": return "\\t"
  default: break
  }
  let isPrintable: Bool =
    switch scalar.value {
    case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: true
    case 0x10000...: true
    default: false
    }
  if isPrintable { return String(scalar) }
  let digits = String(scalar.value, radix: 16, uppercase: true)
  return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
}
