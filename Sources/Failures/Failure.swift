/// An error that knows its kind. Its description is one sentence for the user that names the
/// object, the value and what to do.
public protocol Failure: Error, CustomStringConvertible {
  /// The kind of failure.
  var kind: FailureKind { get }
}

extension FailureKind {
  /// The kind of any error. An error that does not give its kind is a fault of the program.
  public init(of error: any Error) { self = (error as? any Failure)?.kind ?? .internal }
}
