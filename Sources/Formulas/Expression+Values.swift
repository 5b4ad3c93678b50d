extension Expression {
  /// The values at many points: one pass over the points for each part of the tree.
  func values(at x: [Double]) -> [Double] {
    switch self {
    case .number(let number): return [Double](repeating: number, count: x.count)
    case .variable: return x
    case .call(let function, let u):
      var values = u.values(at: x)
      for index in values.indices { values[index] = function.value(values[index]) }
      return values
    case .binary(let operation, let a, .number(let b)):
      var values = a.values(at: x)
      for index in values.indices { values[index] = operation.value(values[index], b) }
      return values
    case .binary(let operation, .number(let a), let b):
      var values = b.values(at: x)
      for index in values.indices { values[index] = operation.value(a, values[index]) }
      return values
    case .binary(let operation, let a, let b):
      var values = a.values(at: x)
      let others = b.values(at: x)
      for index in values.indices {
        values[index] = operation.value(values[index], others[index])
      }
      return values
    case .choice(let left, let isStrict, let right, let a, let b):
      let (lefts, rights) = (left.values(at: x), right.values(at: x))
      var values = a.values(at: x)
      let others = b.values(at: x)
      for index in values.indices {
        let isFirst =
          isStrict ? lefts[index] < rights[index] : lefts[index] <= rights[index]
        if !isFirst { values[index] = others[index] }
      }
      return values
    }
  }

  /// The value at one point.
  func value(at x: Double) -> Double { values(at: [x])[0] }
}

extension Expression.BinaryOperation {
  @inline(__always)
  fileprivate func value(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .plus: return a + b
    case .minus: return a - b
    case .times: return a * b
    case .over: return a / b
    case .power: return b == 2 ? a * a : Library.power(a, b)
    case .min: return Swift.min(a, b)
    case .max: return Swift.max(a, b)
    }
  }
}
