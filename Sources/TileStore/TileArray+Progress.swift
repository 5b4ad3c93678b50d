import DurableFiles
import Tiling

extension TileArray {
  /// The tiles that were written, row by row.
  ///
  /// Lists folders instead of asking for every file, which a parallel file system answers slowly. A
  /// shard counts with all tiles that it should have. Names that are not of this array are ignored.
  ///
  /// - Throws: `TileStoreError`.
  public func presentTiles() throws(TileStoreError) -> [TileIndex] {
    let files = try presentFiles()
    guard spec.shards != nil else { return files.flatMap(\.tiles) }
    return Set(files.flatMap(\.tiles)).sorted()
  }

  /// The files that hold the tiles. While a shard takes the place of its tiles' own files, a tile may be
  /// in two of them.
  ///
  /// - Throws: `TileStoreError`.
  public func presentFiles() throws(TileStoreError) -> [(path: String, tiles: [TileIndex])] {
    guard let shards = spec.shards else {
      return try chunks(of: spec.grid).map { (path(of: $0), [$0]) }
    }
    // Before the shards, so that what is packed meanwhile is not missed.
    let loose = try looseTiles().map { (path: path(of: $0), tiles: [$0]) }
    return try chunks(of: shards).map {
      (path(ofShard: $0), spec.tiles(ofShard: $0, in: shards))
    } + loose
  }

  /// The tiles with a file of their own that waits to be packed.
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

  /// Removes the folders of loose tiles that are empty.
  ///
  /// - Throws: `TileStoreError`.
  public func removeEmptyFolders() throws(TileStoreError) {
    guard spec.shards != nil else { return }
    for name in try names(in: looseFolder) where looseIndex(name) != nil {
      try onFile { () throws(FileError) in try disk.removeEmptyFolder(looseFolder + "/" + name) }
    }
    try onFile { () throws(FileError) in try disk.removeEmptyFolder(looseFolder) }
  }

  /// The chunks of Zarr that are there, tiles or shards, row by row.
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

  /// The names in a folder that are numbers as Zarr spells them, ascending.
  private func numbers(in folder: String) throws(TileStoreError) -> [Int] {
    try names(in: folder).compactMap { number($0) }.sorted()
  }

  /// The names in a folder; none where it does not exist.
  private func names(in folder: String) throws(TileStoreError) -> [String] {
    do {
      return try disk.list(folder)
    } catch {
      if error.isMissing { return [] }
      throw .file(error)
    }
  }
}

/// The number that a name spells as Zarr does.
func number(_ name: some StringProtocol) -> Int? {
  Int(name).flatMap { $0 >= 0 && String($0) == name ? $0 : nil }
}
