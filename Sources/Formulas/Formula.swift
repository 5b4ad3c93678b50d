/// A function of one variable x, parsed from text.
public struct Formula: Sendable, Hashable, CustomStringConvertible {
  let expression: Expression

  /// Parses `text`; `parameters` are names that stand for numbers.
  ///
  /// Errors: `FormulaError` with the position of the part that cannot be parsed.
  public init(_ text: String, parameters: [String: Double] = [:]) throws(FormulaError) {
    expression = try FormulaParser.expression(text, parameters)
  }

  private init(_ expression: Expression) { self.expression = expression }

  /// The formula as canonical text, with parameters replaced by their values.
  public var description: String { expression.description }

  /// The largest number of parts of a derivative, so that it can be evaluated quickly.
  private static let largestSize = 4000

  /// The derivative almost everywhere: where the function jumps, the derivative is the derivative
  /// of its pieces.
  ///
  /// Errors: `FormulaError` if the derivative is too long.
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

  /// The places on |x| <= `bound`, in ascending order, where the function or one of its derivatives
  /// may jump or has no value. These are the zeros and changes of sign of: the arguments of abs,
  /// sign, sqrt and log; the differences of the arguments of min, max and where; denominators; and
  /// the bases of fractional powers.
  public func breaks(within bound: Double) -> [Double] {
    FormulaBreaks(expression, within: bound).places
  }

  /// The breaks with |x| in `range`, in ascending order; nil if there are more than `most`. Arguments
  /// are evaluated at whole numbers.
  public func breaks(beside range: ClosedRange<Int>, most: Int) -> [Double]? {
    let breaks = FormulaBreaks(expression, beside: range, most: most)
    return breaks.areTooMany ? nil : breaks.places
  }
}
