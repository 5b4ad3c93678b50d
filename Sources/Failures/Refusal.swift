/// What a stage or command refuses to do, or why it ends early. Modules with many distinct errors
/// have an error type of their own.
public struct Refusal: Failure, Equatable, Sendable {
  /// What kind of failure it is.
  public let kind: FailureKind
  /// One sentence that names the object, the value and what to do.
  public let description: String

  /// An error with its sentence.
  public init(_ kind: FailureKind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
