import Failures

/// A decomposition that could not be done.
public enum BLASError: Failure, Equatable {
  /// The array holds another number of elements than the shape says.
  case wrongShape(what: String, count: Int, expected: Int)
  /// The order or its workspace exceeds 32-bit LAPACK.
  case tooLarge(routine: String, n: Int)
  /// LAPACK returned an info that names no better case.
  case failed(routine: String, info: Int)
  /// The leading minor of this order is not positive.
  case notPositiveDefinite(leadingMinor: Int, n: Int)

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
    case .notPositiveDefinite(let leadingMinor, let n):
      "the matrix of order \(n) is not positive definite (leading minor \(leadingMinor)); "
        + "add regularization to its diagonal."
    }
  }
}
