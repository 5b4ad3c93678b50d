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
