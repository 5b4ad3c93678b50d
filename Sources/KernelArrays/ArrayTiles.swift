import KernelTiles
import RecursionCore
import Tiling

/// The kernels of rows and columns of images, cut into tiles. If both are the same images, there
/// are only the tiles of the lower triangle.
package struct ArrayTiles: Sendable {
  package let grid: TileGrid

  /// Creates the tiles for `m` rows and `n` columns (nil if these are the same images), with `tile`
  /// images along the edge of a tile.
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

  /// Whether a tile also stands for its transpose on the other side of the diagonal.
  package func isMirrored(_ tile: TileIndex) -> Bool { isSymmetric && tile.it != tile.jt }

  /// Computes a tile.
  ///
  /// - Parameters:
  ///   - columns: the images of the columns; equal to `rows` if these are the same images.
  ///   - output: the destination of the tile.
  ///   - poll: called every few milliseconds; if it returns false, the tile is given up.
  /// - Returns: whether the tile is complete.
  /// - Throws: `RangeError` if a variance leaves the range of the arithmetic.
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
