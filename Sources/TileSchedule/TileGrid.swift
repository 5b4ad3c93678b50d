/// One tile of a grid: row `it` and column `jt` of tiles.
public struct Tile: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The row of tiles.
  public let it: Int
  /// The column of tiles.
  public let jt: Int

  /// The tile in row `it` and column `jt`.
  public init(_ it: Int, _ jt: Int) {
    self.it = it
    self.jt = jt
  }

  /// Row by row.
  public static func < (a: Tile, b: Tile) -> Bool { (a.it, a.jt) < (b.it, b.jt) }

  /// `(it, jt)`.
  public var description: String { "(\(it), \(jt))" }
}

/// How a matrix is cut into tiles, and how the tiles are numbered.
///
/// Tiles are numbered row by row from 0; a lower triangle holds those with `it >= jt`.
public struct TileGrid: Hashable, Sendable {
  /// Rows of the matrix.
  public let m: Int
  /// Columns of the matrix.
  public let n: Int
  /// Rows of a whole tile.
  public let tileRows: Int
  /// Columns of a whole tile.
  public let tileColumns: Int
  /// Whether only the lower triangle of a symmetric matrix is computed.
  public let isLowerTriangle: Bool

  private init(
    m: Int, n: Int, tileRows: Int, tileColumns: Int, isLowerTriangle: Bool
  ) throws(ScheduleError) {
    // Sizes below 2^31 keep every count of tiles and entries below 2^62.
    guard [m, n, tileRows, tileColumns].allSatisfy({ (1...Int(Int32.max)).contains($0) }) else {
      throw .badGrid(m: m, n: n, tileRows: tileRows, tileColumns: tileColumns)
    }
    (self.m, self.n, self.isLowerTriangle) = (m, n, isLowerTriangle)
    (self.tileRows, self.tileColumns) = (tileRows, tileColumns)
  }

  /// The lower triangle of a symmetric n x n matrix in square tiles; diagonal tiles are whole.
  ///
  /// - Throws: `ScheduleError.badGrid`.
  public static func lowerTriangle(n: Int, tile: Int) throws(ScheduleError) -> TileGrid {
    try TileGrid(m: n, n: n, tileRows: tile, tileColumns: tile, isLowerTriangle: true)
  }

  /// All of an m x n matrix.
  ///
  /// - Throws: `ScheduleError.badGrid`.
  public static func rectangle(
    m: Int, n: Int, tileRows: Int, tileColumns: Int
  ) throws(ScheduleError) -> TileGrid {
    try TileGrid(m: m, n: n, tileRows: tileRows, tileColumns: tileColumns, isLowerTriangle: false)
  }

  /// A vector of m entries, such as a diagonal, as one column.
  ///
  /// - Throws: `ScheduleError.badGrid`.
  public static func line(m: Int, tile: Int) throws(ScheduleError) -> TileGrid {
    try TileGrid(m: m, n: 1, tileRows: tile, tileColumns: 1, isLowerTriangle: false)
  }

  /// Rows of tiles.
  public var rowCount: Int { (m - 1) / tileRows + 1 }

  /// Columns of tiles.
  public var columnCount: Int { (n - 1) / tileColumns + 1 }

  /// How many tiles there are.
  public var count: Int {
    isLowerTriangle ? TileGrid.triangular(rowCount) : rowCount * columnCount
  }

  /// Whether the grid has this tile.
  public func contains(_ tile: Tile) -> Bool {
    (0..<rowCount).contains(tile.it) && (0..<columnCount).contains(tile.jt)
      && (!isLowerTriangle || tile.it >= tile.jt)
  }

  /// The number of a tile.
  ///
  /// - Precondition: the grid has the tile.
  public func index(of tile: Tile) -> Int {
    precondition(contains(tile))
    return isLowerTriangle
      ? TileGrid.triangular(tile.it) + tile.jt : tile.it * columnCount + tile.jt
  }

  /// The tile of a number, in closed form.
  ///
  /// - Precondition: `index` is in `0..<count`.
  public func tile(at index: Int) -> Tile {
    precondition((0..<count).contains(index))
    guard isLowerTriangle else { return Tile(index / columnCount, index % columnCount) }
    // The largest it with it (it + 1) / 2 <= index; the root is exact to one unit, then corrected.
    var it = Int((Double(8 * UInt(index) + 1).squareRoot() - 1) / 2)
    while TileGrid.triangular(it) > index { it -= 1 }
    while TileGrid.triangular(it + 1) <= index { it += 1 }
    return Tile(it, index - TileGrid.triangular(it))
  }

  /// The rows of the matrix that a tile covers.
  public func rows(of tile: Tile) -> Range<Int> {
    tile.it * tileRows..<min(m, (tile.it + 1) * tileRows)
  }

  /// The columns of the matrix that a tile covers.
  public func columns(of tile: Tile) -> Range<Int> {
    tile.jt * tileColumns..<min(n, (tile.jt + 1) * tileColumns)
  }

  /// The valid shape of a tile; at the edges smaller than a whole tile.
  public func validShape(of tile: Tile) -> (rows: Int, columns: Int) {
    (rows(of: tile).count, columns(of: tile).count)
  }

  /// Entries that have to be computed for a tile; of a diagonal tile the lower half with the diagonal.
  public func entries(of tile: Tile) -> Int {
    let (rows, columns) = validShape(of: tile)
    return isLowerTriangle && tile.it == tile.jt ? TileGrid.triangular(rows) : rows * columns
  }

  /// Entries that have to be computed for the whole grid.
  public var entries: Int { isLowerTriangle ? TileGrid.triangular(n) : m * n }

  private static func triangular(_ k: Int) -> Int { k * (k + 1) / 2 }
}
