/// Logistic functions written with exp, as users know them. exp(x) overflows at x = 710, and then a quotient such as
/// x / (1 + exp(-x)) or its derivative has no value. sigmoid, softplus and tanh do not overflow.
extension Expression {
  /// a / b if b is 1 + exp(u), or if the two are exp(u) - exp(-u) and exp(u) + exp(-u); otherwise nil.
  static func logisticQuotient(_ a: Expression, _ b: Expression) -> Expression? {
    if let u = b.exponentBesideOne {
      return a == .call(.exp, u) ? .call(.sigmoid, u) : a * .call(.sigmoid, -u)
    }
    guard case .binary(.plus, .call(.exp, let u), .call(.exp, let v)) = b, u == -v || v == -u,
      a == .binary(.minus, .call(.exp, u), .call(.exp, v))
    else { return nil }
    return .call(.tanh, u)
  }

  /// log(argument) if the argument is 1 + exp(u); otherwise nil.
  static func logisticLogarithm(_ argument: Expression) -> Expression? {
    argument.exponentBesideOne.map { .call(.softplus, $0) }
  }

  /// u if this is 1 + exp(u) or exp(u) + 1.
  private var exponentBesideOne: Expression? {
    switch self {
    case .binary(.plus, .number(1), .call(.exp, let u)): return u
    case .binary(.plus, .call(.exp, let u), .number(1)): return u
    default: return nil
    }
  }
}
