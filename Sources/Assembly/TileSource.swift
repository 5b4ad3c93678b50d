import Tiling

/// Fills the tiles of a run's arrays, with a recursion over images or from matrices that are read.
/// There is one source per rank.
protocol TileSource: AnyObject {
  /// Fills one tile of every array of a grid.
  ///
  /// - Parameters:
  ///   - entries: the arrays.
  ///   - buffers: memory for one tile of each array; its valid entries are stored row by row, and a
  ///     diagonal tile is stored in full.
  ///   - poll: called every few milliseconds; if it returns false, the tile is given up.
  /// - Returns: whether the tile is complete.
  func fill(
    _ tile: TileIndex, of grid: TileGrid, _ part: KernelStore.Part, _ entries: [KernelStore.Entry],
    into buffers: [UnsafeMutablePointer<Double>], poll: () -> Bool
  ) throws -> Bool
}
