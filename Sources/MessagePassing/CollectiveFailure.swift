import Failures

/// A failure that all ranks know about, so that they can end in order.
///
/// Every other error is known to one rank only: the other ranks may be waiting for that rank.
public struct CollectiveFailure: Failure, Equatable {
  /// The lowest rank that failed, or 0 if all ranks found the same error.
  public let rank: Int
  /// The kind of the failure.
  public let kind: FailureKind
  /// The message of the error on that rank.
  public let sentence: String

  init(rank: Int, kind: FailureKind, sentence: String) {
    (self.rank, self.kind, self.sentence) = (rank, kind, sentence)
  }

  /// Wraps an error that every rank finds by itself, from numbers that are the same on all ranks.
  ///
  /// Local. If ranks might find different errors, use `Communicator.agree` instead.
  public init(onAllRanks error: some Failure) {
    self.init(rank: 0, kind: error.kind, sentence: error.description)
  }

  /// The sentence, preceded by the rank unless that is rank 0.
  public var description: String { rank == 0 ? sentence : "rank \(rank): \(sentence)" }
}
