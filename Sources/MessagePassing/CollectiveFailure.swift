import Failures

/// A failure that all ranks know of, so that they can end in order.
///
/// Every other error is one rank's alone: the other ranks may be waiting for it.
public struct CollectiveFailure: Failure, Equatable {
  /// The lowest rank that failed; 0 where all ranks found the same.
  public let rank: Int
  /// What kind of failure it is.
  public let kind: FailureKind
  /// What the error on that rank says.
  public let sentence: String

  init(rank: Int, kind: FailureKind, sentence: String) {
    (self.rank, self.kind, self.sentence) = (rank, kind, sentence)
  }

  /// An error that every rank has found by itself, from numbers that are the same on all of them.
  ///
  /// Local. Use `Communicator.agree` where a rank might find something else.
  public init(onAllRanks error: some Failure) {
    self.init(rank: 0, kind: error.kind, sentence: error.description)
  }

  /// The sentence, with the rank where it is not rank 0.
  public var description: String { rank == 0 ? sentence : "rank \(rank): \(sentence)" }
}
