/// A rectangle of processes. Ranks are numbered row by row.
public struct ProcessGrid: Hashable, Sendable, CustomStringConvertible {
  /// The number of process rows.
  public let nprow: Int
  /// The number of process columns.
  public let npcol: Int

  /// A grid of `nprow` x `npcol` processes.
  public init(nprow: Int, npcol: Int) throws(BlockCyclicError) {
    try require("nprow", nprow, atLeast: 1)
    try require("npcol", npcol, atLeast: 1)
    self.nprow = nprow
    self.npcol = npcol
  }

  /// A grid of `nprow` x `npcol` processes that uses exactly `ranks` ranks.
  public init(nprow: Int, npcol: Int, ranks: Int) throws(BlockCyclicError) {
    try self.init(nprow: nprow, npcol: npcol)
    guard size == ranks else { throw .gridSize(nprow: nprow, npcol: npcol, ranks: ranks) }
  }

  /// The most nearly square grid of exactly `ranks` processes that is at least as wide as tall.
  ///
  /// Wide grids are preferred because ScaLAPACK's solvers broadcast panels of columns: 1 x 2 was measured to be faster
  /// than 2 x 1. A prime number of ranks gives a single row.
  public static func nearSquare(ranks: Int) throws(BlockCyclicError) -> ProcessGrid {
    try require("ranks", ranks, atLeast: 1)
    var nprow = 1
    var candidate = 2
    while candidate * candidate <= ranks {
      if ranks % candidate == 0 { nprow = candidate }
      candidate += 1
    }
    return try ProcessGrid(nprow: nprow, npcol: ranks / nprow)
  }

  /// The number of processes.
  public var size: Int { nprow * npcol }

  /// The row and column of a rank.
  public func position(of rank: Int) -> (myrow: Int, mycol: Int) { (rank / npcol, rank % npcol) }

  /// The rank at a row and column.
  public func rank(myrow: Int, mycol: Int) -> Int { myrow * npcol + mycol }

  /// The shape as text, such as `2 x 3`.
  public var description: String { "\(nprow) x \(npcol)" }
}
