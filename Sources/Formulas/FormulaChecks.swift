extension Formula {
  /// Checks that phi has a dual activation: phi and its derivative have finite values, and E[phi^2]
  /// and E[phi'^2] exist for normal variables of every variance.
  ///
  /// Errors: `FormulaError` that states what is missing.
  public func checkIsActivation() throws(FormulaError) {
    let slope = try derivative()
    try checkGrowth(slope)
    try checkValues(slope)
    try checkSlopes(slope)
  }

  /// If the logarithm is larger than any linear function and more than triples when x doubles, it
  /// grows at least like x^2.
  private func checkGrowth(_ slope: Formula) throws(FormulaError) {
    for side in [1.0, -1] {
      func size(_ x: Double) -> Double {
        let sum = abs(value(at: side * x)) + abs(slope.value(at: side * x))
        return Library.logarithm(1 + sum)
      }
      var x = 4.0
      while x <= 8192 {
        let (here, beyond) = (size(x), size(2 * x))
        // Beyond this, even exp of a linear function overflows.
        if here > 200 && !beyond.isFinite { break }
        if here.isFinite && beyond.isNaN {
          throw FormulaError(
            at: nil,
            "it or its derivative has no value at x = \(side * 2 * x), where a part of it overflows; "
              + "write it with sigmoid, softplus or tanh, which do not")
        }
        if beyond > 30 && beyond > 3.2 * here {
          throw FormulaError(
            at: nil,
            "it grows like exp(x ** 2) or faster, so E[phi(x) ** 2] does not exist for normal x; "
              + "use a function that grows more slowly")
        }
        x *= 2
      }
    }
  }

  private func checkValues(_ slope: Formula) throws(FormulaError) {
    // Avoid round numbers: the formula may have no value at single points, such as 0 in sin(x) / x.
    let points = (0..<4001).map { (Double($0) - 2000.3141) * 0.004 }
    for (formula, name) in [(self, "it"), (slope, "its derivative")] {
      let values = formula.values(at: points)
      guard let index = values.firstIndex(where: { !$0.isFinite }) else { continue }
      let x = (points[index] * 1000).rounded() / 1000
      throw FormulaError(
        at: nil, "\(name) has no finite value at x = \(x); activations are for every x")
    }
  }

  /// Rejects a value or a slope that grows without bound near a break.
  private func checkSlopes(_ slope: Formula) throws(FormulaError) {
    for place in breaks(within: 40) {
      for side in [1.0, -1] {
        func grows(_ formula: Formula) -> Bool {
          func size(_ distance: Double) -> Double {
            abs(formula.value(at: place + side * distance * max(1, abs(place))))
          }
          let (far, near) = (size(1e-4), size(1e-10))
          return !(near.isFinite && near <= 10 * far + 1)
        }
        let x = (place * 1000).rounded() / 1000
        for (formula, name) in [(self, "it"), (slope, "its derivative")] where grows(formula) {
          throw FormulaError(
            at: nil,
            "\(name) grows without bound near x = \(x), so it has no dual; use a function whose "
              + "derivative is bounded there")
        }
      }
    }
  }
}
