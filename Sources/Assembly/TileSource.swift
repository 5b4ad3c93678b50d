import Tiling

/// What fills the tiles of a run's arrays: a recursion over images, or matrices that are read. One per
/// rank.
protocol TileSource: AnyObject {
  /// Fills a tile of every array of a grid.
  ///
  /// - Parameters:
  ///   - entries: the arrays.
  ///   - buffers: memory for a tile of each, its valid entries row by row; a diagonal tile is whole.
  ///   - poll: called every few milliseconds; where it returns false the tile is given up.
  /// - Returns: whether the tile is there.
  func fill(
    _ tile: TileIndex, of grid: TileGrid, _ part: KernelStore.Part, _ entries: [KernelStore.Entry],
    into buffers: [UnsafeMutablePointer<Double>], poll: () -> Bool
  ) throws -> Bool
}
