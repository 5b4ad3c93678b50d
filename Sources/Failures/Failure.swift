/// An error that knows its kind, and whose description is one sentence for the user: it names the
/// object, the value and what to do.
public protocol Failure: Error, CustomStringConvertible {
  /// What kind of failure it is.
  var kind: FailureKind { get }
}

extension FailureKind {
  /// The kind of any error; an error that does not say its kind is a fault of the program.
  public init(of error: any Error) { self = (error as? any Failure)?.kind ?? .internal }
}
