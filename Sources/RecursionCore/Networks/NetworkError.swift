import Failures

/// An invalid network: what is wrong, and in which layer.
public struct NetworkError: Failure, Sendable, Equatable {
  /// The position in the network, for example `layer 3 (relu)`.
  public var position: String
  /// What is wrong and how to fix it, as a clause.
  public var reason: String

  /// Creates an error at `position`.
  public init(position: String, reason: String) {
    self.position = position
    self.reason = reason
  }

  /// The kind of the failure.
  public var kind: FailureKind { .badJob }

  /// The error as one sentence.
  public var description: String {
    position.isEmpty ? "the network: \(reason)" : "the network's \(position): \(reason)"
  }
}
