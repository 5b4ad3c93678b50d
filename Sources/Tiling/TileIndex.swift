/// The place of a tile in an array: row `it` and column `jt` of tiles. In a one-dimensional array,
/// `jt` is 0.
public struct TileIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The row of tiles.
  public let it: Int
  /// The column of tiles.
  public let jt: Int

  /// The tile in row `it` and column `jt`.
  public init(_ it: Int, _ jt: Int = 0) {
    self.it = it
    self.jt = jt
  }

  /// Orders tiles row by row.
  public static func < (a: TileIndex, b: TileIndex) -> Bool { (a.it, a.jt) < (b.it, b.jt) }

  /// `(it, jt)`.
  public var description: String { "(\(it), \(jt))" }
}
