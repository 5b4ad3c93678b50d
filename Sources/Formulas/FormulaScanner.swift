/// Splits a formula into tokens with their positions.
struct FormulaScanner {
  /// A token.
  enum Token: Equatable {
    case number(Double)
    case name(String)
    case symbol(String)
    case end
  }

  private let text: [Character]
  private var place = 0
  /// The next token, and the column where it begins, counted from 1.
  private(set) var next = Token.end
  private(set) var column = 1

  init(_ text: String) throws(FormulaError) {
    self.text = Array(text)
    try advance()
  }

  /// Advances to the next token.
  mutating func advance() throws(FormulaError) {
    while place < text.count, text[place].isWhitespace { place += 1 }
    column = place + 1
    guard place < text.count else {
      next = .end
      return
    }
    let first = text[place]
    if Self.isDigit(first) || first == "." {
      next = .number(try number())
    } else if Self.isLetter(first) {
      next = .name(take { Self.isLetter($0) || Self.isDigit($0) })
    } else {
      next = .symbol(try symbol(first))
    }
  }

  private static func isDigit(_ character: Character) -> Bool { "0"..."9" ~= character }
  private static func isLetter(_ character: Character) -> Bool {
    "a"..."z" ~= character || "A"..."Z" ~= character || character == "_"
  }

  private mutating func take(while isPart: (Character) -> Bool) -> String {
    let start = place
    while place < text.count, isPart(text[place]) { place += 1 }
    return String(text[start..<place])
  }

  private mutating func number() throws(FormulaError) -> Double {
    var digits = take { Self.isDigit($0) || $0 == "." }
    if place < text.count, text[place] == "e" || text[place] == "E" {
      let start = place
      place += 1
      var exponent = "e"
      if place < text.count, text[place] == "-" || text[place] == "+" {
        exponent.append(text[place])
        place += 1
      }
      let power = take(while: Self.isDigit)
      if power.isEmpty { place = start } else { digits += exponent + power }
    }
    guard let number = Double(digits), number.isFinite else {
      throw FormulaError(at: column, "'\(digits)' is no number")
    }
    return number
  }

  private mutating func symbol(_ first: Character) throws(FormulaError) -> String {
    place += 1
    let second: Character? = place < text.count ? text[place] : nil
    switch (first, second) {
    case ("*", "*"), ("<", "="), (">", "="):
      place += 1
      return String(first) + String(text[place - 1])
    case ("+", _), ("-", _), ("*", _), ("/", _), ("(", _), (")", _), (",", _), ("<", _), (">", _):
      return String(first)
    case ("^", _): throw FormulaError(at: column, "'^' is no operator; write powers as x ** 2")
    default:
      let isControl = first.unicodeScalars.contains { $0.value < 32 }
      let character = isControl ? "a control character" : "'\(first)'"
      throw FormulaError(at: column, "\(character) has no meaning in a formula")
    }
  }
}
