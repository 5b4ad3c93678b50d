import Failures

/// A decomposition that failed.
public enum BLASError: Failure, Equatable {
  /// The number of elements of an array is not that of its shape.
  case wrongShape(what: String, count: Int, expected: Int)
  /// The order or its workspace exceeds 32-bit LAPACK.
  case tooLarge(routine: String, n: Int)
  /// LAPACK returned an info other than 0.
  case failed(routine: String, info: Int)

  /// What kind of failure it is.
  public var kind: FailureKind { .internal }

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .wrongShape(let what, let count, let expected):
      "\(what) has \(count) elements where its shape needs \(expected); pass the whole matrix."
    case .tooLarge(let routine, let n):
      "a matrix of order \(n) is too large for \(routine) in one process; use more ranks."
    case .failed(let routine, let info):
      "\(routine) failed with info \(info); check that the matrix holds finite numbers."
    }
  }
}
