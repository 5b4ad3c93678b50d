/// How an array is cut into tiles, and how the tiles are numbered.
///
/// An array is a matrix of `m` x `n` entries, or a line of `m` entries, which counts as one column.
/// Tiles are numbered row by row from 0. Tiles at the lower and right edges may be smaller.
public struct TileGrid: Hashable, Sendable {
  /// The tiles that an array has.
  public enum Coverage: String, Sendable, CaseIterable {
    /// Every tile.
    case all
    /// The tiles of a symmetric matrix with `it >= jt`; diagonal tiles are stored in full.
    case lowerTriangle = "lower triangle"
  }

  /// The number of rows of the array.
  public let m: Int
  /// The number of columns of the array.
  public let n: Int
  /// The number of rows of a whole tile.
  public let tileRows: Int
  /// The number of columns of a whole tile.
  public let tileColumns: Int
  /// The tiles that the array has.
  public let coverage: Coverage
  /// Whether the array is one-dimensional.
  public let isLine: Bool

  /// Creates the grid of an array of shape `[m]` or `[m, n]`; `tile` has the same number of sizes.
  ///
  /// - Throws: `GridError`.
  public init(shape: [Int], tile: [Int], coverage: Coverage = .all) throws(GridError) {
    func refused(_ reason: GridError.Reason) -> GridError {
      GridError(shape: shape, tile: tile, reason: reason)
    }
    guard shape.count == tile.count, (1...2).contains(shape.count) else {
      throw refused(.dimensions)
    }
    // Sizes below 2^31 keep all numbers of tiles and entries below 2^62.
    guard (shape + tile).allSatisfy({ (1...Int(Int32.max)).contains($0) }) else {
      throw refused(.size)
    }
    guard tile.reduce(1, *) <= 1 << 36 else { throw refused(.tile) }
    let isSquare = shape.count == 2 && shape[0] == shape[1] && tile[0] == tile[1]
    guard coverage == .all || isSquare else { throw refused(.triangle) }
    isLine = shape.count == 1
    (m, tileRows) = (shape[0], tile[0])
    (n, tileColumns) = isLine ? (1, 1) : (shape[1], tile[1])
    self.coverage = coverage
  }

  /// The grid of the lower triangle of a symmetric n x n matrix in square tiles.
  ///
  /// - Throws: `GridError`.
  public static func lowerTriangle(n: Int, tile: Int) throws(GridError) -> TileGrid {
    try TileGrid(shape: [n, n], tile: [tile, tile], coverage: .lowerTriangle)
  }

  /// The grid of a whole m x n matrix.
  ///
  /// - Throws: `GridError`.
  public static func rectangle(
    m: Int, n: Int, tileRows: Int, tileColumns: Int
  ) throws(GridError) -> TileGrid {
    try TileGrid(shape: [m, n], tile: [tileRows, tileColumns])
  }

  /// The grid of a line of m entries, such as a diagonal.
  ///
  /// - Throws: `GridError`.
  public static func line(m: Int, tile: Int) throws(GridError) -> TileGrid {
    try TileGrid(shape: [m], tile: [tile])
  }

  /// The sizes of the array: `[m]` or `[m, n]`.
  public var shape: [Int] { isLine ? [m] : [m, n] }

  /// The sizes of a whole tile; the same number of sizes as for the array.
  public var tileShape: [Int] { isLine ? [tileRows] : [tileRows, tileColumns] }

  /// Whether the grid has only the tiles of the lower triangle.
  public var isLowerTriangle: Bool { coverage == .lowerTriangle }

  /// The number of rows of tiles.
  public var rowCount: Int { (m - 1) / tileRows + 1 }

  /// The number of columns of tiles.
  public var columnCount: Int { (n - 1) / tileColumns + 1 }

  /// The number of tiles.
  public var count: Int {
    isLowerTriangle ? TileGrid.triangular(rowCount) : rowCount * columnCount
  }

  /// Whether the grid has this tile.
  public func contains(_ tile: TileIndex) -> Bool {
    (0..<rowCount).contains(tile.it) && (0..<columnCount).contains(tile.jt)
      && (!isLowerTriangle || tile.it >= tile.jt)
  }

  /// The number of a tile.
  ///
  /// - Precondition: the grid has the tile.
  public func index(of tile: TileIndex) -> Int {
    precondition(contains(tile))
    return isLowerTriangle
      ? TileGrid.triangular(tile.it) + tile.jt : tile.it * columnCount + tile.jt
  }

  /// The tile with number `index`.
  ///
  /// - Precondition: `index` is in `0..<count`.
  public func tile(at index: Int) -> TileIndex {
    precondition((0..<count).contains(index))
    guard isLowerTriangle else { return TileIndex(index / columnCount, index % columnCount) }
    // The largest `it` with it (it + 1) / 2 <= index. The root is accurate to one unit and is then corrected.
    var it = Int((Double(8 * UInt(index) + 1).squareRoot() - 1) / 2)
    while TileGrid.triangular(it) > index { it -= 1 }
    while TileGrid.triangular(it + 1) <= index { it += 1 }
    return TileIndex(it, index - TileGrid.triangular(it))
  }

  /// The rows of the array that a tile covers.
  public func rows(of tile: TileIndex) -> Range<Int> {
    tile.it * tileRows..<min(m, (tile.it + 1) * tileRows)
  }

  /// The columns of the array that a tile covers.
  public func columns(of tile: TileIndex) -> Range<Int> {
    tile.jt * tileColumns..<min(n, (tile.jt + 1) * tileColumns)
  }

  /// The shape of the valid part of a tile; at the edges it is smaller than a whole tile.
  public func validShape(of tile: TileIndex) -> (rows: Int, columns: Int) {
    (rows(of: tile).count, columns(of: tile).count)
  }

  /// The tile that covers the first entry of a tile of another grid over the same array.
  ///
  /// - Precondition: each whole tile of this grid consists of whole tiles of `other`.
  public func tile(holding tile: TileIndex, of other: TileGrid) -> TileIndex {
    TileIndex(
      tile.it * other.tileRows / tileRows, tile.jt * other.tileColumns / tileColumns)
  }

  /// Whether a tile lies on the diagonal of a symmetric matrix, so that only half of it has to be computed.
  public func isDiagonal(_ tile: TileIndex) -> Bool { isLowerTriangle && tile.it == tile.jt }

  /// The number of entries to compute for a tile; for a diagonal tile, the lower half including the diagonal.
  public func entries(of tile: TileIndex) -> Int {
    let (rows, columns) = validShape(of: tile)
    return isDiagonal(tile) ? TileGrid.triangular(rows) : rows * columns
  }

  /// The number of entries to compute for the whole grid.
  public var entries: Int { isLowerTriangle ? TileGrid.triangular(n) : m * n }

  private static func triangular(_ k: Int) -> Int { k * (k + 1) / 2 }
}
