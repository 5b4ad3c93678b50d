import DurableFiles
import TileStore
import Tiling

/// An array of a run's store as a matrix. The checksum of every tile is verified when the tile is read.
package final class StoredMatrix: MatrixFile {
  private let array: TileArray

  /// Opens the array in a folder.
  ///
  /// Local. Errors: store.
  package init(_ path: String, disk: Disk = Disk()) throws(MatrixError) {
    array = try onStore { () throws(TileStoreError) in try TileArray.open(path, disk: disk) }
  }

  package var path: String { array.path }
  package var shape: [Int] { array.spec.grid.shape }
  package var elementType: String { array.spec.storage.rawValue }
  package var isLowerTriangle: Bool { array.spec.grid.isLowerTriangle }

  private var grid: TileGrid { array.spec.grid }
  /// The tile that was read last; the next block often needs it again.
  private var last: (tile: TileIndex, values: [Double])?

  package func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Double>
  ) throws(MatrixError) {
    for it in rows.lowerBound / grid.tileRows...(rows.upperBound - 1) / grid.tileRows {
      for jt in columns.lowerBound / grid.tileColumns...(columns.upperBound - 1) / grid.tileColumns
      {
        // Above the diagonal of a triangle, use the transposed tiles.
        let isFlipped = isLowerTriangle && it < jt
        let tile = isFlipped ? TileIndex(jt, it) : TileIndex(it, jt)
        let stored = try self.values(of: tile)
        let width = grid.validShape(of: tile).columns
        let (firstRow, firstColumn) = (it * grid.tileRows, jt * grid.tileColumns)
        for i in rows.clamped(to: firstRow..<firstRow + grid.tileRows) {
          for j in columns.clamped(to: firstColumn..<firstColumn + grid.tileColumns) {
            let (a, b) = (i - firstRow, j - firstColumn)
            values[(i - rows.lowerBound) * columns.count + j - columns.lowerBound] =
              isFlipped ? stored[b * width + a] : stored[a * width + b]
          }
        }
      }
    }
  }

  private func values(of tile: TileIndex) throws(MatrixError) -> [Double] {
    if let last, last.tile == tile { return last.values }
    let (height, width) = grid.validShape(of: tile)
    var found = [Double](repeating: 0, count: height * width)
    try onStore { () throws(TileStoreError) in
      try found.withUnsafeMutableBufferPointer { (buffer) throws(TileStoreError) in
        try array.read(tile, into: buffer)
      }
    }
    last = (tile, found)
    return found
  }

  package var partCount: Int { grid.count }

  package func checksum(ofPart part: Int) throws(MatrixError) -> UInt32 {
    try onStore { () throws(TileStoreError) in try array.verify(grid.tile(at: part)) }
  }
}
