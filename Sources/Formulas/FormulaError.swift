import Failures

/// A text that is not a formula, or a formula that is not an activation: what is wrong, and where.
public struct FormulaError: Failure, Equatable, Sendable {
  /// The first character in question, counted from 1; nil if the error concerns the whole formula.
  public let column: Int?
  /// What is wrong and how to fix it, as a clause.
  public let reason: String

  init(at column: Int?, _ reason: String) {
    self.column = column
    self.reason = reason
  }

  /// The kind of the failure.
  public var kind: FailureKind { .badJob }

  /// The error as one sentence.
  public var description: String {
    column.map { "the formula at character \($0): \(reason)" } ?? "the formula: \(reason)"
  }
}
