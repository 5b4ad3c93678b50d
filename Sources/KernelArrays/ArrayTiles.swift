import KernelTiles
import RecursionCore
import Tiling

/// The kernels of rows and columns of images, cut into tiles: those of the lower triangle where both
/// are the same images.
package struct ArrayTiles: Sendable {
  package let grid: TileGrid

  /// The tiles of `m` rows and, unless these are the same images, `n` columns, in tiles of `tile` images
  /// along an edge.
  ///
  /// Errors: `GridError`.
  package init(rows m: Int, columns n: Int?, tile: Int) throws(GridError) {
    grid =
      if let n {
        try TileGrid.rectangle(m: m, n: n, tileRows: tile, tileColumns: tile)
      } else {
        try TileGrid.lowerTriangle(n: m, tile: tile)
      }
  }

  /// Whether rows and columns are the same images.
  package var isSymmetric: Bool { grid.isLowerTriangle }

  /// Whether a tile is one of two that are each other's transpose.
  package func isMirrored(_ tile: TileIndex) -> Bool { isSymmetric && tile.it != tile.jt }

  /// Computes a tile.
  ///
  /// - Parameters:
  ///   - columns: those of the rows where these are the same images.
  ///   - output: of the tile.
  ///   - poll: called every few milliseconds; where it returns false the tile is given up.
  /// - Returns: whether the tile is complete.
  /// - Throws: `RangeError` where a variance leaves the range of the arithmetic.
  package func compute(
    _ tile: TileIndex, rows: Images, columns: Images, with kernels: TileKernels,
    into output: KernelOutput, poll: () -> Bool = { true }
  ) throws(RangeError) -> Bool {
    try kernels.compute(
      TileKernels.Tile(
        rows: rows.slice(grid.rows(of: tile)), columns: columns.slice(grid.columns(of: tile)),
        isDiagonal: isSymmetric && tile.it == tile.jt),
      outputs: [output], poll: poll)
  }
}
