import DurableFiles

extension TileArray {
  /// Whether a tile was written; its checksum is not looked at.
  ///
  /// - Throws: `TileStoreError`.
  public func exists(_ tile: TileIndex) throws(TileStoreError) -> Bool {
    guard spec.contains(tile) else { throw .outOfRange(tile: tile, path: path) }
    do {
      return try disk.exists(path(of: tile))
    } catch {
      throw .file(error)
    }
  }

  /// The tiles that were written, row by row.
  ///
  /// Lists one folder per row of tiles instead of asking for every file, which a parallel file
  /// system answers slowly. Names that are no tile of this array are passed over.
  ///
  /// - Throws: `TileStoreError`.
  public func presentTiles() throws(TileStoreError) -> [TileIndex] {
    guard spec.shape.count == 2 else {
      return try numbers(in: path + "/c").map { TileIndex($0) }.filter(spec.contains)
    }
    var tiles: [TileIndex] = []
    for it in try numbers(in: path + "/c") where it < spec.tileCounts.rows {
      tiles += try numbers(in: folder(ofRow: it)).map { TileIndex(it, $0) }.filter(spec.contains)
    }
    return tiles
  }

  /// Removes temporary files that writers left when they died.
  ///
  /// - Parameter age: seconds; see `Disk.removeStaleTemporaries`.
  /// - Returns: how many were removed.
  /// - Throws: `TileStoreError`.
  @discardableResult
  public func removeStaleTemporaries(olderThan age: Double = 86_400) throws(TileStoreError) -> Int {
    var folders = [path, path + "/c"]
    if spec.shape.count == 2 { folders += try numbers(in: path + "/c").map { folder(ofRow: $0) } }
    var removed = 0
    do {
      for folder in folders {
        removed += try disk.removeStaleTemporaries(in: folder, olderThan: age).count
      }
    } catch {
      throw TileStoreError(wrapping: error)
    }
    return removed
  }

  /// The names in a folder that are numbers as Zarr spells them, ascending.
  private func numbers(in folder: String) throws(TileStoreError) -> [Int] {
    do {
      return try disk.list(folder).compactMap { name in
        Int(name).flatMap { $0 >= 0 && String($0) == name ? $0 : nil }
      }.sorted()
    } catch {
      if error.isMissing { return [] }
      throw .file(error)
    }
  }
}
