import DurableFiles
import Tiling

extension TileArray {
  /// The tiles that were written, row by row.
  ///
  /// Lists one folder per row of tiles instead of asking for every file, which a parallel file
  /// system answers slowly. Names that are not tiles of this array are ignored.
  ///
  /// - Throws: `TileStoreError`.
  public func presentTiles() throws(TileStoreError) -> [TileIndex] {
    let grid = spec.grid
    let rows = try numbers(in: path + "/c")
    guard !grid.isLine else { return rows.map { TileIndex($0) }.filter(grid.contains) }
    var tiles: [TileIndex] = []
    for it in rows where it < grid.rowCount {
      tiles += try numbers(in: folder(ofRow: it)).map { TileIndex(it, $0) }.filter(grid.contains)
    }
    return tiles
  }

  /// Removes temporary files of writers that have died.
  ///
  /// - Parameter age: seconds; see `Disk.removeStaleTemporaries`.
  /// - Returns: how many were removed.
  /// - Throws: `TileStoreError`.
  @discardableResult
  public func removeStaleTemporaries(olderThan age: Double = 86_400) throws(TileStoreError) -> Int {
    var folders = [path, path + "/c"]
    if !spec.grid.isLine { folders += try numbers(in: path + "/c").map { folder(ofRow: $0) } }
    return try onFile { () throws(FileError) in
      var removed = 0
      for folder in folders {
        removed += try disk.removeStaleTemporaries(in: folder, olderThan: age).count
      }
      return removed
    }
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
