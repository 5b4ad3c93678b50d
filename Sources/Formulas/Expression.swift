/// A formula as a tree. The operators below build the tree and leave out operations that change
/// nothing, so that derivatives stay short.
indirect enum Expression: Hashable, Sendable {
  case number(Double)
  case variable
  case call(ElementaryFunction, Expression)
  case binary(BinaryOperation, Expression, Expression)
  /// The first value if left < right (or left <= right), otherwise the second.
  case choice(left: Expression, isStrict: Bool, right: Expression, Expression, Expression)

  /// The binary operations.
  enum BinaryOperation: String, Sendable {
    case plus = "+"
    case minus = "-"
    case times = "*"
    case over = "/"
    case power = "**"
    case min, max
  }

  static func + (a: Expression, b: Expression) -> Expression {
    switch (a, b) {
    case (.number(let x), .number(let y)): return .number(x + y)
    case (.number(0), _): return b
    case (_, .number(0)): return a
    default: return .binary(.plus, a, b)
    }
  }

  static func - (a: Expression, b: Expression) -> Expression {
    switch (a, b) {
    case (.number(let x), .number(let y)): return .number(x - y)
    case (_, .number(0)): return a
    case (.number(0), _): return -b
    default: return .binary(.minus, a, b)
    }
  }

  static prefix func - (a: Expression) -> Expression {
    switch a {
    case .number(let x): return .number(-x)
    case .binary(.times, .number(let x), let b): return .number(-x) * b
    case .binary(.minus, let b, let c): return .binary(.minus, c, b)
    default: return .binary(.times, .number(-1), a)
    }
  }

  static func * (a: Expression, b: Expression) -> Expression {
    switch (a, b) {
    case (.number(let x), .number(let y)): return .number(x * y)
    case (.number(0), _), (_, .number(0)): return .number(0)
    case (.number(1), _): return b
    case (_, .number(1)): return a
    case (.number(let x), .binary(.times, .number(let y), let c)): return .number(x * y) * c
    case (_, .number): return b * a
    default: return .binary(.times, a, b)
    }
  }

  static func / (a: Expression, b: Expression) -> Expression {
    switch (a, b) {
    case (.number(let x), .number(let y)) where y != 0: return .number(x / y)
    case (.number(0), _): return .number(0)
    case (_, .number(1)): return a
    default: return logisticQuotient(a, b) ?? .binary(.over, a, b)
    }
  }

  func raised(to exponent: Expression) -> Expression {
    switch exponent {
    case .number(0): return .number(1)
    case .number(1): return self
    default: break
    }
    if case .number = exponent, case .number = self {
      return .number(Expression.binary(.power, self, exponent).value(at: 0))
    }
    return .binary(.power, self, exponent)
  }

  /// Calls `body` for all parts of the expression, inner parts first, and finally for the
  /// expression itself.
  func forEachPart(_ body: (Expression) -> Void) {
    switch self {
    case .number, .variable: break
    case .call(_, let u): u.forEachPart(body)
    case .binary(_, let a, let b):
      a.forEachPart(body)
      b.forEachPart(body)
    case .choice(let left, _, let right, let a, let b):
      for part in [left, right, a, b] { part.forEachPart(body) }
    }
    body(self)
  }

  /// The number of parts.
  var size: Int {
    var count = 0
    forEachPart { _ in count += 1 }
    return count
  }
}
