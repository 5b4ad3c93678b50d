/// Finds the zeros of all parts of an expression that cause a break where they are 0.
struct FormulaBreaks {
  /// In ascending order.
  private(set) var places: [Double] = []
  /// Whether the search ended because there are more than asked for.
  private(set) var areTooMany = false

  /// Searches |x| <= `bound`.
  init(_ expression: Expression, within bound: Double) {
    // Even steps, and steps that grow from 0 on, to find breaks at small and large arguments.
    var half = (1...2048).map { bound * Double($0) / 2048 }
    half += (1...512).map { bound * Library.exponential(-0.07 * Double($0)) }
    half += (1...64).map { Double($0) / 4 }.filter { $0 < bound }
    let positive = Set(half).sorted()
    self.init(expression, [positive.reversed().map { -$0 } + [0] + positive], most: .max)
  }

  /// Searches the whole numbers in `range` and in its mirror image, and ends after `most` breaks.
  init(_ expression: Expression, beside range: ClosedRange<Int>, most: Int) {
    let positive = range.map { Double($0) }
    self.init(expression, [positive.reversed().map { -$0 }, positive], most: most)
  }

  private init(_ expression: Expression, _ grids: [[Double]], most: Int) {
    var arguments: Set<Expression> = []
    expression.forEachPart { part in
      if let argument = part.breakingArgument { arguments.insert(argument) }
    }
    for argument in arguments {
      for grid in grids where !areTooMany { findZeros(of: argument, grid, most) }
    }
    places = merged(places)
  }

  private mutating func findZeros(of argument: Expression, _ grid: [Double], _ most: Int) {
    let values = argument.values(at: grid)
    for index in grid.indices {
      if places.count > most {
        areTooMany = true
        return
      }
      if values[index] == 0 {
        // If the argument is 0 on an interval, like max(x, 0), only the ends of the interval count.
        let inside = index > 0 && index + 1 < grid.count && values[index - 1] == 0
        if !(inside && values[index + 1] == 0) { places.append(grid[index]) }
      } else if index > 0, values[index - 1] * values[index] < 0 {
        places.append(bisected(argument, grid[index - 1], grid[index]))
      } else if index > 0, index + 1 < grid.count {
        let (a, b, c) = (abs(values[index - 1]), abs(values[index]), abs(values[index + 1]))
        if b <= a, b <= c, b < 0.5 * max(a, c),
          let place = touched(argument, grid[index - 1], grid[index + 1])
        {
          places.append(place)
        }
      }
    }
  }

  private func bisected(_ argument: Expression, _ low: Double, _ high: Double) -> Double {
    var (low, high) = (low, high)
    let isNegative = argument.value(at: low) < 0
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return middle }
      let value = argument.value(at: middle)
      if value == 0 { return middle }
      if (value < 0) == isNegative { low = middle } else { high = middle }
    }
  }

  /// A place between `low` and `high` where the argument touches 0, by ternary search; nil if there
  /// is none.
  private func touched(_ argument: Expression, _ low: Double, _ high: Double) -> Double? {
    var (low, high) = (low, high)
    let scale = abs(argument.value(at: low)) + abs(argument.value(at: high))
    for _ in 0..<100 {
      let (a, b) = (low + (high - low) / 3, high - (high - low) / 3)
      if abs(argument.value(at: a)) <= abs(argument.value(at: b)) { high = b } else { low = a }
    }
    let middle = (low + high) / 2
    return abs(argument.value(at: middle)) < 1e-12 * scale ? middle : nil
  }

  private func merged(_ places: [Double]) -> [Double] {
    var kept: [Double] = []
    for place in places.sorted() {
      if let last = kept.last, place - last <= 1e-14 * max(1, abs(place)) { continue }
      kept.append(place == 0 ? 0 : place)
    }
    return kept
  }
}

extension Expression {
  /// The argument of this part that causes a break where it is 0; nil if there is none.
  fileprivate var breakingArgument: Expression? {
    let argument: Expression?
    switch self {
    case .call(let function, let u): argument = function.breaksAtZero ? u : nil
    case .binary(.min, let a, let b), .binary(.max, let a, let b): argument = a - b
    case .binary(.over, _, let b): argument = b
    case .binary(.power, let a, .number(let n)):
      argument = n >= 0 && n == n.rounded() ? nil : a
    case .binary(.power, let a, _): argument = a
    case .choice(let left, _, let right, _, _): argument = left - right
    case .number, .variable, .binary: argument = nil
    }
    if case .number? = argument { return nil }
    return argument
  }
}
