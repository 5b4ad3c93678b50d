import TileStore
import Tiling

/// Reads blocks of a symmetric kernel whose lower triangle is stored, for any size of its tiles.
///
/// A tile that covers a block is read directly into it. Of other tiles, the last one is kept,
/// because the next block often needs it again.
final class KernelBlocks {
  private let array: TileArray
  private var last: TileIndex?
  private var values: [Double] = []

  init(of array: TileArray) { self.array = array }

  private var grid: TileGrid { array.spec.grid }

  /// Reads a block on or below the diagonal, row by row.
  ///
  /// Local. Errors: `TileStoreError`, with the tile and its file.
  ///
  /// Precondition: the rows equal the columns or lie entirely after them; `target` has as many
  /// elements as the block.
  func read(
    rows: Range<Int>, columns: Range<Int>, into target: UnsafeMutableBufferPointer<Double>
  ) throws(TileStoreError) {
    for it in rows.lowerBound / grid.tileRows...(rows.upperBound - 1) / grid.tileRows {
      let lastColumn = min((columns.upperBound - 1) / grid.tileColumns, it)
      for jt in columns.lowerBound / grid.tileColumns...lastColumn {
        let tile = TileIndex(it, jt)
        if grid.rows(of: tile) == rows && grid.columns(of: tile) == columns {
          try array.read(tile, into: target)
        } else {
          try load(tile)
          copy(tile, rows: rows, columns: columns, into: target)
        }
      }
    }
    if rows == columns { mirror(target, order: rows.count) }
  }

  private func load(_ tile: TileIndex) throws(TileStoreError) {
    guard tile != last else { return }
    last = nil
    let (height, width) = grid.validShape(of: tile)
    if values.count != height * width { values = Array(repeating: 0, count: height * width) }
    try values.withUnsafeMutableBufferPointer { (buffer) throws(TileStoreError) in
      try array.read(tile, into: buffer)
    }
    last = tile
  }

  /// Copies the part of a tile that lies in a block to its place in the block.
  private func copy(
    _ tile: TileIndex, rows: Range<Int>, columns: Range<Int>,
    into target: UnsafeMutableBufferPointer<Double>
  ) {
    let (own, ownColumns) = (grid.rows(of: tile), grid.columns(of: tile))
    let part = columns.clamped(to: ownColumns)
    for row in rows.clamped(to: own) {
      let source = (row - own.lowerBound) * ownColumns.count - ownColumns.lowerBound
      let place = (row - rows.lowerBound) * columns.count - columns.lowerBound
      for column in part { target[place + column] = values[source + column] }
    }
  }

  /// Copies the lower triangle to the part above the diagonal, where tiles may not have been read.
  private func mirror(_ target: UnsafeMutableBufferPointer<Double>, order n: Int) {
    for i in 0..<n {
      for j in 0..<i { target[j * n + i] = target[i * n + j] }
    }
  }
}
