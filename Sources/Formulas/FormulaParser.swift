/// Parses a formula by recursive descent. Operators have the precedence of Python: `**`
/// (right-associative) binds before the sign, then `*` and `/`, then `+` and `-`.
struct FormulaParser {
  /// The limits of a formula, so that no text takes long.
  enum Limit {
    static let characters = 1000
    static let nesting = 32
  }

  private var scanner: FormulaScanner
  private let parameters: [String: Double]
  private var nesting = 0

  /// Parses `text`, in which `parameters` stand for their values.
  static func expression(
    _ text: String, _ parameters: [String: Double]
  ) throws(FormulaError) -> Expression {
    // Count UTF-8 bytes, because a single character can have any number of them.
    guard text.utf8.count <= Limit.characters else {
      throw FormulaError(
        at: nil, "it has more than \(Limit.characters) characters; write a shorter one")
    }
    var parser = FormulaParser(scanner: try FormulaScanner(text), parameters: parameters)
    let expression = try parser.sum()
    guard parser.scanner.next == .end else {
      throw FormulaError(
        at: parser.scanner.column, "\(parser.found) where the formula should go on or end")
    }
    return expression
  }

  private var found: String {
    switch scanner.next {
    case .number(let number): return "the number \(number)"
    case .name(let name): return "'\(name)'"
    case .symbol(let symbol): return "'\(symbol)'"
    case .end: return "the end"
    }
  }

  private mutating func takes(_ symbol: String) throws(FormulaError) -> Bool {
    guard scanner.next == .symbol(symbol) else { return false }
    try scanner.advance()
    return true
  }

  private mutating func expect(_ symbol: String, _ place: String) throws(FormulaError) {
    guard scanner.next == .symbol(symbol) else {
      throw FormulaError(at: scanner.column, "\(found) where '\(symbol)' should \(place)")
    }
    try scanner.advance()
  }

  private mutating func sum() throws(FormulaError) -> Expression {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Limit.nesting else {
      throw FormulaError(
        at: scanner.column, "it is nested more than \(Limit.nesting) deep; nest less")
    }
    var value = try product()
    while true {
      if try takes("+") {
        value = value + (try product())
      } else if try takes("-") {
        value = value - (try product())
      } else {
        return value
      }
    }
  }

  private mutating func product() throws(FormulaError) -> Expression {
    var value = try signed()
    while true {
      if try takes("*") {
        value = value * (try signed())
      } else if try takes("/") {
        value = value / (try signed())
      } else {
        return value
      }
    }
  }

  private mutating func signed() throws(FormulaError) -> Expression {
    var isNegative = false
    while true {
      if try takes("-") { isNegative.toggle() } else if try !takes("+") { break }
    }
    let value = try power()
    return isNegative ? -value : value
  }

  private mutating func power() throws(FormulaError) -> Expression {
    let base = try atom()
    guard try takes("**") else { return base }
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Limit.nesting else {
      throw FormulaError(
        at: scanner.column, "it has more than \(Limit.nesting) powers of powers; use fewer")
    }
    return base.raised(to: try signed())
  }

  private mutating func atom() throws(FormulaError) -> Expression {
    let column = scanner.column
    switch scanner.next {
    case .number(let number):
      try scanner.advance()
      return .number(number)
    case .symbol("("):
      try scanner.advance()
      let value = try sum()
      try expect(")", "close the parenthesis")
      return value
    case .name(let name):
      try scanner.advance()
      return try named(name, column)
    case .symbol, .end:
      throw FormulaError(at: column, "\(found) where a number, x or a function should stand")
    }
  }

  private mutating func named(_ name: String, _ column: Int) throws(FormulaError) -> Expression {
    if name == "x" { return .variable }
    if name == "pi" { return .number(Double.pi) }
    if let value = parameters[name] { return .number(value) }
    if name == "where" { return try choice() }
    if name == "min" || name == "max" { return try extremum(name == "min" ? .min : .max) }
    guard let function = ElementaryFunction(rawValue: name) else {
      throw FormulaError(at: column, "unknown name '\(name)' (known: \(knownNames))")
    }
    try expect("(", "follow \(name)")
    let argument = try sum()
    try expect(")", "close \(name)(")
    return Self.folded(function, argument)
  }

  private static func folded(_ function: ElementaryFunction, _ u: Expression) -> Expression {
    if case .number(let number) = u { return .number(function.value(number)) }
    if function == .log, let softplus = Expression.logisticLogarithm(u) { return softplus }
    return .call(function, u)
  }

  private var knownNames: String {
    (["x", "pi"] + parameters.keys.sorted() + ElementaryFunction.allCases.map(\.rawValue)
      + ["min", "max", "where"]).joined(separator: ", ")
  }

  private mutating func extremum(
    _ operation: Expression.BinaryOperation
  ) throws(FormulaError) -> Expression {
    let name = operation.rawValue
    try expect("(", "follow \(name)")
    var value = try sum()
    try expect(",", "stand between the arguments of \(name)")
    repeat { value = .binary(operation, value, try sum()) } while try takes(",")
    try expect(")", "close \(name)(")
    return value
  }

  private mutating func choice() throws(FormulaError) -> Expression {
    try expect("(", "follow where")
    var left = try sum()
    guard case .symbol(let comparison) = scanner.next, ["<", "<=", ">", ">="].contains(comparison)
    else {
      throw FormulaError(
        at: scanner.column,
        "\(found) where a condition such as x > 0 should compare with <, <=, > or >=")
    }
    try scanner.advance()
    var right = try sum()
    if comparison.hasPrefix(">") { swap(&left, &right) }
    try expect(",", "follow the condition of where")
    let first = try sum()
    try expect(",", "stand between the values of where")
    let second = try sum()
    try expect(")", "close where(")
    return .choice(
      left: left, isStrict: !comparison.hasSuffix("="), right: right, first, second)
  }
}
