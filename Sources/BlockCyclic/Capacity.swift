/// An array that is too large for 32-bit ScaLAPACK to index.
public struct LP64Violation: Equatable, Sendable {
  /// The name of the array, such as `the local matrix`.
  public let array: String
  /// The number of elements that the array would have.
  public let elements: Int

  /// Makes a violation from the name of an array and its number of elements.
  public init(array: String, elements: Int) {
    self.array = array
    self.elements = elements
  }
}

extension MatrixLayout {
  /// The largest number of elements that an LP64 library, which has 32-bit integers, can index.
  public static let largestArray = Int(Int32.max)

  /// The first array that has more than 2^31 - 1 elements on some rank, or nil if all arrays fit.
  ///
  /// - Parameter workspace: The elements of workspace on the rank that needs the most.
  public func lp64Violation(workspace: Int = 0) -> LP64Violation? {
    let limit = Self.largestArray
    if m > limit || n > limit {
      return LP64Violation(array: "the order of the matrix", elements: max(m, n))
    }
    if largestLocalCount > limit {
      return LP64Violation(array: "the local matrix", elements: largestLocalCount)
    }
    if workspace > limit {
      return LP64Violation(array: "the local workspace", elements: workspace)
    }
    return nil
  }

  /// The smallest number of ranks, in a near-square grid, with which a 32-bit library can index all arrays of a square
  /// matrix.
  ///
  /// Nil if no number of ranks is enough, because the order or a workspace of full length is too large.
  ///
  /// - Parameter workspace: Returns the elements of workspace on the rank that needs the most.
  public static func smallestRanks(
    forOrder n: Int, nb: Int = 64, workspace: (MatrixLayout) -> Int
  ) throws(BlockCyclicError) -> Int? {
    try require("the order of the matrix", n, atLeast: 1)
    // ScaLAPACK needs a workspace of eight whole vectors, which is not distributed over the ranks.
    guard n <= largestArray / 8 else { return nil }
    // Start from the lower bound that the local matrix alone gives, instead of from 1.
    var ranks = max(1, n * n / (largestArray + 1))
    while true {
      let layout = try MatrixLayout(order: n, nb: nb, grid: .nearSquare(ranks: ranks))
      if layout.lp64Violation(workspace: workspace(layout)) == nil { return ranks }
      ranks += 1
    }
  }
}
