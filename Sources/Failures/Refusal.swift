/// The error with which a stage or command refuses to do something, or ends early. Modules with
/// many distinct errors have their own error type.
public struct Refusal: Failure, Equatable, Sendable {
  /// The kind of failure.
  public let kind: FailureKind
  /// One sentence that names the object, the value and what to do.
  public let description: String

  /// An error with its sentence.
  public init(_ kind: FailureKind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
