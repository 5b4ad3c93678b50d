import Failures

/// A network that cannot be: what is wrong, and with which layer.
public struct NetworkError: Failure, Sendable, Equatable {
  /// Where in the network, for example `layer 3 (relu)`.
  public var position: String
  /// What is wrong and what to do, as a clause.
  public var reason: String

  /// An error at `position`.
  public init(position: String, reason: String) {
    self.position = position
    self.reason = reason
  }

  /// What kind of failure it is.
  public var kind: FailureKind { .badJob }

  /// One sentence.
  public var description: String {
    position.isEmpty ? "the network: \(reason)" : "the network's \(position): \(reason)"
  }
}
