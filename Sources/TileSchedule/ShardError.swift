import Failures

/// The error for an invalid shard.
public struct ShardError: Failure, Equatable, Sendable {
  /// The text of the shard as it was given.
  public let text: String

  /// The error about `text`.
  public init(text: String) { self.text = text }

  /// The kind of failure.
  public var kind: FailureKind { .badJob }

  /// One sentence with the value and what to do.
  public var description: String {
    "the shard \"\(text)\" is not of the form k/K with k from 1 to K; in a job array use "
      + "--array=1-K"
  }
}
