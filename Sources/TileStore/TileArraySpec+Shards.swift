import Tiling

// Defines which tiles form a shard, and the resulting numbers of files and bytes.

extension TileArraySpec {
  /// Larger tiles, in bytes, are not packed: there are few of them, and for the fastest networks a
  /// second copy takes a noticeable part of the time of the tile.
  private static let largestPackedTile = 256 << 10
  /// If an array would have more files than this, its shards get more tiles.
  private static let mostFiles = 4900
  /// Shards get more tiles only as long as they have no more bytes than this.
  private static let largestGrownShard = 6 << 20

  /// The shards of an array: 16 x 16 tiles, or 256 tiles for a one-dimensional array; nil if its
  /// tiles are not packed.
  ///
  /// The shards depend only on the array. A kernel of 50,000 training and 10,000 test images has at
  /// most 10,000 files, whatever its tiles.
  public static func standardShards(of grid: TileGrid, _ storage: Storage) -> TileGrid? {
    let bytes = grid.tileRows * grid.tileColumns * storage.bytes
    func shards(_ side: Int) -> TileGrid? {
      try? TileGrid(
        shape: grid.shape,
        tile: grid.isLine ? [side * side * grid.tileRows] : grid.tileShape.map { side * $0 },
        coverage: grid.coverage)
    }
    var side = bytes <= largestPackedTile ? 16 : 1
    while let present = shards(side), present.count > mostFiles,
      4 * side * side * bytes <= largestGrownShard
    { side *= 2 }
    return side == 1 ? nil : shards(side)
  }

  /// The number of tiles in a full shard.
  static func capacity(of shards: TileGrid, _ grid: TileGrid) -> Int {
    shards.tileRows / grid.tileRows * (shards.tileColumns / grid.tileColumns)
  }

  /// The tiles of a shard that exist in the array's grid, row by row.
  public func tiles(ofShard shard: TileIndex, in shards: TileGrid) -> [TileIndex] {
    let (rows, columns) = (shards.tileRows / grid.tileRows, shards.tileColumns / grid.tileColumns)
    var tiles: [TileIndex] = []
    for it in shard.it * rows..<min((shard.it + 1) * rows, grid.rowCount) {
      for jt in shard.jt * columns..<min((shard.jt + 1) * columns, grid.columnCount)
      where grid.contains(TileIndex(it, jt)) {
        tiles.append(TileIndex(it, jt))
      }
    }
    return tiles
  }

  /// The index of a tile in the table of its shard.
  func place(of tile: TileIndex, in shards: TileGrid) -> Int {
    let (rows, columns) = (shards.tileRows / grid.tileRows, shards.tileColumns / grid.tileColumns)
    return tile.it % rows * columns + tile.jt % columns
  }

  /// The number of files of the finished array, without its zarr.json.
  public var fileCount: Int { shards?.count ?? grid.count }

  /// The number of bytes of these files.
  public var byteCount: Int {
    let tables =
      shards.map { $0.count * ShardIndex.byteCount(tiles: Self.capacity(of: $0, grid)) } ?? 0
    return grid.count * bytesPerTile + tables
  }
}
