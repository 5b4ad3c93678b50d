/// A function of one variable x, read from a text.
public struct Formula: Sendable, Hashable, CustomStringConvertible {
  let expression: Expression

  /// Reads `text`; `parameters` are names that stand for numbers.
  ///
  /// Errors: `FormulaError` with the position of what cannot be read.
  public init(_ text: String, parameters: [String: Double] = [:]) throws(FormulaError) {
    expression = try FormulaParser.expression(text, parameters)
  }

  private init(_ expression: Expression) { self.expression = expression }

  /// The formula in a canonical text, parameters replaced by their values.
  public var description: String { expression.description }

  /// What a derivative may have, so that its values are quickly had.
  private static let largestSize = 4000

  /// The derivative almost everywhere: what jumps has the derivative of its pieces.
  ///
  /// Errors: `FormulaError` where it gets too long.
  public func derivative() throws(FormulaError) -> Formula {
    let derivative = expression.derivative
    guard derivative.size <= Self.largestSize else {
      throw FormulaError(
        at: nil, "its derivative has more than \(Self.largestSize) parts; write a shorter formula")
    }
    return Formula(derivative)
  }

  /// The values at many points.
  public func values(at x: [Double]) -> [Double] { expression.values(at: x) }

  /// The value at one point.
  public func value(at x: Double) -> Double { expression.value(at: x) }

  /// Where the function or a derivative of it may jump, or has no value, on |x| <= `bound`,
  /// ascending: where the arguments of abs, sign, sqrt and log, the difference of those of min, max
  /// and where, denominators and the bases of broken powers change their signs or are 0.
  public func breaks(within bound: Double) -> [Double] {
    FormulaBreaks(expression, bound).places
  }
}
