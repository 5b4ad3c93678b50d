/// A value of a YAML document and the place where it was written.
package struct DocumentNode: Sendable {
  /// The contents of a node.
  package enum Content: Sendable {
    /// `null`, `~` or nothing at all.
    case nothing
    case scalar(Scalar)
    case list([DocumentNode])
    case mapping([Entry])
  }

  /// A key and its value.
  package struct Entry: Sendable {
    package let key: String
    /// The place of the key.
    let place: JobError.Place
    package var value: DocumentNode
  }

  package var content: Content
  package let place: JobError.Place

  /// The value as part of a sentence: as it was written, if that is short.
  package var words: String {
    switch content {
    case .nothing: "empty"
    case .scalar(let scalar): scalar.words
    case .list(let nodes): nodes.isEmpty ? "an empty list" : "a list"
    case .mapping(let entries):
      entries.isEmpty
        ? "an empty mapping"
        : "a mapping (\(entries.prefix(4).map(\.key).joined(separator: ", ")))"
    }
  }
}

/// A YAML scalar as it was written, and its meaning.
package struct Scalar: Sendable, Equatable {
  package let text: String
  /// Whether the scalar was quoted. A quoted text is always a word.
  package let isQuoted: Bool

  /// The meaning of a scalar.
  package enum Value: Equatable {
    case number(Double)
    case flag(Bool)
    case word(String)
  }

  /// The value according to the core schema of YAML 1.2, without its octal and hexadecimal numbers:
  /// `1e-3` is a number (in YAML 1.1 it is a word), and `yes` is a word.
  package var value: Value {
    if isQuoted { return .word(text) }
    if text == "true" { return .flag(true) }
    if text == "false" { return .flag(false) }
    return Self.number(text).map(Value.number) ?? .word(text)
  }

  /// Whether an unquoted scalar means that there is no value.
  package static func isNothing(_ text: String) -> Bool { ["", "~", "null"].contains(text) }

  /// The number that an unquoted text stands for, or nil. `.inf` and `.nan` are numbers, so that
  /// they are refused as out of range.
  package static func number(_ text: String) -> Double? {
    let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
    if unsigned == ".inf" { return text.first == "-" ? -.infinity : .infinity }
    if text == ".nan" { return .nan }
    let mantissa = unsigned.prefix { $0 != "e" && $0 != "E" }
    let digits = mantissa.filter { $0 != "." }
    guard !digits.isEmpty, digits.utf8.allSatisfy(isDigit), mantissa.count - digits.count <= 1
    else { return nil }
    if mantissa.endIndex < unsigned.endIndex {
      let exponent = unsigned[mantissa.endIndex...].dropFirst()
      let bare = exponent.first == "-" || exponent.first == "+" ? exponent.dropFirst() : exponent
      guard !bare.isEmpty, bare.utf8.allSatisfy(isDigit) else { return nil }
    }
    // Swift reads neither `.5` nor `5.`.
    var complete = String(mantissa)
    if complete.first == "." { complete = "0" + complete }
    if complete.last == "." { complete += "0" }
    let sign = text.first == "-" ? "-" : ""
    return Double(sign + complete + unsigned[mantissa.endIndex...])
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// The scalar as part of a sentence, cut if it is long.
  package var words: String {
    let short = text.cut(to: 60)
    if isQuoted { return "the text '\(short)'" }
    if case .word = value { return "'\(short)'" }
    return short
  }
}
