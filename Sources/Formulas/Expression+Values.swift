extension Expression {
  /// The values at many points, with one pass over the points for each part of the tree.
  func values(at x: [Double]) -> [Double] {
    switch self {
    case .number(let number): return [Double](repeating: number, count: x.count)
    case .variable: return x
    case .call(let function, let u): return u.values(at: x).map(function.value)
    case .binary(let operation, let a, .number(let b)):
      return a.values(at: x).map { operation.value($0, b) }
    case .binary(let operation, .number(let a), let b):
      return b.values(at: x).map { operation.value(a, $0) }
    case .binary(let operation, let a, let b):
      return zip(a.values(at: x), b.values(at: x)).map(operation.value)
    case .choice(let left, let isStrict, let right, let a, let b):
      let (lefts, rights) = (left.values(at: x), right.values(at: x))
      let (firsts, others) = (a.values(at: x), b.values(at: x))
      return x.indices.map { index in
        let isFirst =
          isStrict ? lefts[index] < rights[index] : lefts[index] <= rights[index]
        return isFirst ? firsts[index] : others[index]
      }
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
