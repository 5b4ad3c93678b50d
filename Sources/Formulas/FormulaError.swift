import Failures

/// A text that is no formula, or a formula that is no activation: what is wrong, and where.
public struct FormulaError: Failure, Equatable, Sendable {
  /// The first character that is meant, from 1; nil where the whole formula is.
  public let column: Int?
  /// What is wrong and what to do, as a clause.
  public let reason: String

  init(at column: Int?, _ reason: String) {
    self.column = column
    self.reason = reason
  }

  /// What kind of failure it is.
  public var kind: FailureKind { .badJob }

  /// One sentence.
  public var description: String {
    column.map { "the formula at character \($0): \(reason)" } ?? "the formula: \(reason)"
  }
}
