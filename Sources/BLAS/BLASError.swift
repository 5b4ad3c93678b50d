import Failures

/// A decomposition that failed.
public enum BLASError: Failure, Equatable {
  /// An array has a number of elements that does not match its shape.
  case wrongShape(what: String, count: Int, expected: Int)
  /// The order of the matrix, or the workspace that the routine needs, exceeds the range of 32-bit LAPACK.
  case tooLarge(routine: String, n: Int)
  /// LAPACK returned a nonzero `info`.
  case failed(routine: String, info: Int)

  /// The kind of the failure.
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
