extension Expression: CustomStringConvertible {
  /// The formula as canonical text: equal trees have equal text, and parsing the text gives the
  /// same tree.
  var description: String { text(inside: 0) }

  /// The precedence of the outermost operation; larger numbers bind more tightly.
  private var strength: Int {
    switch self {
    case .binary(.plus, _, _), .binary(.minus, _, _): return 1
    case .binary(.times, _, _), .binary(.over, _, _): return 2
    case .number(let number): return number < 0 ? 3 : 4
    case .binary(.power, _, _): return 3
    case .variable, .call, .choice, .binary(.min, _, _), .binary(.max, _, _): return 4
    }
  }

  private func text(inside strength: Int) -> String {
    let text = bareText
    return self.strength < strength ? "(\(text))" : text
  }

  private var bareText: String {
    switch self {
    case .number(let number): return Self.text(number)
    case .variable: return "x"
    case .call(let function, let u): return "\(function.rawValue)(\(u))"
    case .binary(.min, let a, let b): return "min(\(a), \(b))"
    case .binary(.max, let a, let b): return "max(\(a), \(b))"
    case .binary(.power, let a, let b):
      return "\(a.text(inside: 4)) ** \(b.text(inside: 4))"
    case .binary(let operation, let a, let b):
      return
        "\(a.text(inside: strength)) \(operation.rawValue) \(b.text(inside: strength + 1))"
    case .choice(let left, let isStrict, let right, let a, let b):
      return "where(\(left) \(isStrict ? "<" : "<=") \(right), \(a), \(b))"
    }
  }

  private static func text(_ number: Double) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
