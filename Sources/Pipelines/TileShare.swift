import DistributedAlgebra
import TileSchedule
import TileStore

/// One rank's share of the tiles of an array: every so-manieth, so that all ranks read at once.
struct TileShare {
  private let array: TileArray
  private let grid: TileGrid
  private let indices: [Int]

  init(of array: TileArray, grid: TileGrid, ranks: Ranks) {
    self.array = array
    self.grid = grid
    indices = Array(stride(from: ranks.rank, to: grid.count, by: ranks.count))
  }

  var count: Int { indices.count }

  /// Bytes of one whole tile in memory.
  var tileBytes: Int { grid.tileRows * grid.tileColumns * MemoryLayout<Double>.size }

  /// Reads tile number `number` of the share.
  func read(_ number: Int) throws -> DenseTile {
    let tile = grid.tile(at: indices[number])
    let (rows, columns) = grid.validShape(of: tile)
    let values = try [Double](unsafeUninitializedCapacity: rows * columns) { buffer, count in
      let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<(rows * columns)])
      try array.read(TileIndex(tile.it, tile.jt), into: whole)
      count = rows * columns
    }
    return DenseTile(
      rowStart: grid.rows(of: tile).lowerBound, columnStart: grid.columns(of: tile).lowerBound,
      rows: rows, columns: columns, values: values)
  }
}

extension DenseTile {
  /// Whether the tile is a whole one on the diagonal of a symmetric matrix.
  var isDiagonal: Bool { rowStart == columnStart }
}
