/// The functions of one argument that a formula can call.
enum ElementaryFunction: String, Sendable, CaseIterable {
  case exp, log, sqrt, sin, cos, tanh, sinh, cosh, erf, sigmoid, softplus, abs, sign

  /// The value at `u`; sigmoid, softplus and tanh are computed without intermediate overflow.
  @inline(__always)
  func value(_ u: Double) -> Double {
    switch self {
    case .exp: return Library.exponential(u)
    case .log: return Library.logarithm(u)
    case .sqrt: return u.squareRoot()
    case .sin: return Library.sine(u)
    case .cos: return Library.cosine(u)
    case .tanh: return Library.hyperbolicTangent(u)
    case .sinh: return Library.hyperbolicSine(u)
    case .cosh: return Library.hyperbolicCosine(u)
    case .erf: return Library.errorFunction(u)
    case .sigmoid:
      let decay = Library.exponential(-Swift.abs(u))
      return (u >= 0 ? 1 : decay) / (1 + decay)
    case .softplus:
      return max(u, 0) + Library.logarithmOfOnePlus(Library.exponential(-Swift.abs(u)))
    case .abs: return Swift.abs(u)
    case .sign: return u > 0 ? 1 : u < 0 ? -1 : 0
    }
  }

  /// The derivative at argument `u`, as an expression.
  func derivative(_ u: Expression) -> Expression {
    switch self {
    case .exp: return .call(.exp, u)
    case .log: return .number(1) / u
    case .sqrt: return .number(0.5) / .call(.sqrt, u)
    case .sin: return .call(.cos, u)
    case .cos: return -.call(.sin, u)
    case .tanh:
      // 1 / cosh^2, which neither overflows nor cancels in this form.
      let twice = .number(2) * u
      return .number(4) * (.call(.sigmoid, twice) * .call(.sigmoid, -twice))
    case .sinh: return .call(.cosh, u)
    case .cosh: return .call(.sinh, u)
    case .erf:
      return .number(2 / Double.pi.squareRoot()) * .call(.exp, -(u * u))
    case .sigmoid: return .call(.sigmoid, u) * .call(.sigmoid, -u)
    case .softplus: return .call(.sigmoid, u)
    case .abs: return .call(.sign, u)
    case .sign: return .number(0)
    }
  }

  /// Whether the function or its derivative jumps, or grows without bound, at argument 0.
  var breaksAtZero: Bool {
    switch self {
    case .abs, .sign, .sqrt, .log: return true
    case .exp, .sin, .cos, .tanh, .sinh, .cosh, .erf, .sigmoid, .softplus: return false
    }
  }
}
