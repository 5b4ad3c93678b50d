/// A local array that 32-bit ScaLAPACK cannot index.
public struct LP64Violation: Equatable, Sendable {
  /// Which array, such as `the local matrix`.
  public let array: String
  /// The number of elements it would have.
  public let elements: Int

  /// Names an array and its number of elements.
  public init(array: String, elements: Int) {
    self.array = array
    self.elements = elements
  }
}

extension MatrixLayout {
  /// The largest number of elements that an LP64 library, whose integers have 32 bits, can index.
  public static let largestArray = Int(Int32.max)

  /// The first array that has more than 2^31 - 1 elements on any rank; nil where all fit.
  ///
  /// - Parameter workspace: elements of workspace on the rank that needs most.
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

  /// The least number of ranks, in a near-square grid, on which the arrays of a square matrix can be
  /// indexed.
  ///
  /// Nil where no number helps, because the order or a workspace of full length is too large.
  ///
  /// - Parameter workspace: elements of workspace on the rank that needs most.
  public static func smallestRanks(
    forOrder n: Int, nb: Int = 64, workspace: (MatrixLayout) -> Int
  ) throws(BlockCyclicError) -> Int? {
    try require("the order of the matrix", n, atLeast: 1)
    // A workspace of eight whole vectors is not spread over the ranks.
    guard n <= largestArray / 8 else { return nil }
    // The local matrix alone gives a lower bound, which spares the search from 1.
    var ranks = max(1, n * n / (largestArray + 1))
    while true {
      let layout = try MatrixLayout(order: n, nb: nb, grid: .nearSquare(ranks: ranks))
      if layout.lp64Violation(workspace: workspace(layout)) == nil { return ranks }
      ranks += 1
    }
  }
}
