import DurableFiles
import Tiling

extension TileArray {
  /// The tiles that have been written, row by row.
  ///
  /// Lists folders instead of asking for every file, because a parallel file system answers such
  /// questions slowly. A shard counts as having all the tiles that it should have. Names that do
  /// not belong to this array are ignored.
  ///
  /// - Throws: `TileStoreError`.
  public func presentTiles() throws(TileStoreError) -> [TileIndex] {
    let files = try presentFiles()
    guard spec.shards != nil else { return files.flatMap(\.tiles) }
    return Set(files.flatMap(\.tiles)).sorted()
  }

  /// The files that hold the tiles. While a shard replaces the files of its tiles, a tile may be in two files.
  ///
  /// - Throws: `TileStoreError`.
  public func presentFiles() throws(TileStoreError) -> [(path: String, tiles: [TileIndex])] {
    guard let shards = spec.shards else {
      return try chunks(of: spec.grid).map { (path(of: $0), [$0]) }
    }
    // Loose tiles are listed before the shards, so that tiles that are packed meanwhile are not missed.
    let loose = try looseTiles().map { (path: path(of: $0), tiles: [$0]) }
    return try chunks(of: shards).map {
      (path(ofShard: $0), spec.tiles(ofShard: $0, in: shards))
    } + loose
  }

  /// The tiles that have files of their own and wait to be packed.
  ///
  /// - Throws: `TileStoreError`.
  public func looseTiles() throws(TileStoreError) -> [TileIndex] {
    guard let shards = spec.shards else { return [] }
    var tiles: [TileIndex] = []
    for shard in try names(in: looseFolder).compactMap(looseIndex).filter(shards.contains) {
      tiles += try names(in: looseFolder + "/" + looseName(shard)).compactMap(looseIndex)
        .filter { spec.grid.contains($0) && shards.tile(holding: $0, of: spec.grid) == shard }
    }
    return tiles
  }

  /// Removes the empty folders of loose tiles.
  ///
  /// - Throws: `TileStoreError`.
  public func removeEmptyFolders() throws(TileStoreError) {
    guard spec.shards != nil else { return }
    for name in try names(in: looseFolder) where looseIndex(name) != nil {
      try onFile { () throws(FileError) in try disk.removeEmptyFolder(looseFolder + "/" + name) }
    }
    try onFile { () throws(FileError) in try disk.removeEmptyFolder(looseFolder) }
  }

  /// The existing chunks of Zarr, tiles or shards, row by row.
  private func chunks(of grid: TileGrid) throws(TileStoreError) -> [TileIndex] {
    let rows = try numbers(in: path + "/c")
    guard !grid.isLine else { return rows.map { TileIndex($0) }.filter(grid.contains) }
    var chunks: [TileIndex] = []
    for row in rows where row < grid.rowCount {
      chunks += try numbers(in: self.chunks(ofRow: row)).map { TileIndex(row, $0) }
        .filter(grid.contains)
    }
    return chunks
  }

  /// The names in a folder that are numbers as Zarr writes them, in ascending order.
  private func numbers(in folder: String) throws(TileStoreError) -> [Int] {
    try names(in: folder).compactMap { number($0) }.sorted()
  }

  /// The names in a folder; empty if the folder does not exist.
  private func names(in folder: String) throws(TileStoreError) -> [String] {
    do {
      return try disk.list(folder)
    } catch {
      if error.isMissing { return [] }
      throw .file(error)
    }
  }
}

/// The number that a name stands for, written as Zarr writes numbers; nil for other names.
func number(_ name: some StringProtocol) -> Int? {
  Int(name).flatMap { $0 >= 0 && String($0) == name ? $0 : nil }
}
