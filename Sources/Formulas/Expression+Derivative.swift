extension Expression {
  /// d/dx, almost everywhere: where the function jumps, the derivative is the derivative of its
  /// pieces.
  var derivative: Expression {
    switch self {
    case .number: return .number(0)
    case .variable: return .number(1)
    case .call(let function, let u): return function.derivative(u) * u.derivative
    case .binary(.plus, let a, let b): return a.derivative + b.derivative
    case .binary(.minus, let a, let b): return a.derivative - b.derivative
    case .binary(.times, let a, let b): return a.derivative * b + a * b.derivative
    case .binary(.over, let a, let b):
      return a.derivative / b - (a * b.derivative) / (b * b)
    case .binary(.power, let a, .number(let n)):
      return .number(n) * a.raised(to: .number(n - 1)) * a.derivative
    case .binary(.power, let a, let b):
      let whole = a.raised(to: b)
      return whole * (b.derivative * .call(.log, a) + b * a.derivative / a)
    case .binary(.min, let a, let b):
      return .choose(left: a, isStrict: true, right: b, a.derivative, b.derivative)
    case .binary(.max, let a, let b):
      return .choose(left: b, isStrict: true, right: a, a.derivative, b.derivative)
    case .choice(let left, let isStrict, let right, let a, let b):
      return .choose(
        left: left, isStrict: isStrict, right: right, a.derivative, b.derivative)
    }
  }

  private static func choose(
    left: Expression, isStrict: Bool, right: Expression, _ a: Expression, _ b: Expression
  ) -> Expression {
    a == b ? a : .choice(left: left, isStrict: isStrict, right: right, a, b)
  }
}
