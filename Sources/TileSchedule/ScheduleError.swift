import Failures

/// A grid, shard or plan that makes no sense, told as one sentence.
public enum ScheduleError: Failure, Equatable, Sendable {
  /// A matrix or tile size that is not positive or too large for 64-bit numbering.
  case badGrid(m: Int, n: Int, tileRows: Int, tileColumns: Int)
  /// A shard that is not `k/K` with 1 <= k <= K.
  case badShard(text: String)

  /// What kind of failure it is.
  public var kind: FailureKind { .badJob }

  /// One sentence with the value and what to do.
  public var description: String {
    switch self {
    case .badGrid(let m, let n, let tileRows, let tileColumns):
      "a matrix of \(m) x \(n) in tiles of \(tileRows) x \(tileColumns) cannot be scheduled; "
        + "every size must be between 1 and 2^31 - 1"
    case .badShard(let text):
      "the shard \"\(text)\" is not of the form k/K with k from 1 to K; in a job array use "
        + "--array=1-K"
    }
  }
}
