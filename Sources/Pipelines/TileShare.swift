import DistributedAlgebra
import TileSchedule
import TileStore

/// One rank's share of the tiles of an array: every so-manieth, so that all ranks read at once.
struct TileShare {
  private let array: TileArray
  private let grid: TileGrid
  private let order: Int
  private let indices: [Int]

  /// - Parameter order: of a lower triangle, the leading images that are wanted; nil for all.
  init(of array: TileArray, grid: TileGrid, order: Int? = nil, ranks: Ranks) {
    self.array = array
    self.grid = grid
    let order = order ?? grid.m
    self.order = order
    let wanted = (0..<grid.count).filter { grid.rows(of: grid.tile(at: $0)).lowerBound < order }
    indices = stride(from: ranks.rank, to: wanted.count, by: ranks.count).map { wanted[$0] }
  }

  /// The tiles of some rows of a rectangle, dealt to the ranks.
  init(rowsFrom row: Int, of array: TileArray, grid: TileGrid, ranks: Ranks) {
    self.array = array
    self.grid = grid
    order = grid.m
    let wanted = (0..<grid.count).filter { grid.rows(of: grid.tile(at: $0)).lowerBound == row }
    indices = stride(from: ranks.rank, to: wanted.count, by: ranks.count).map { wanted[$0] }
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
    let whole = DenseTile(
      rowStart: grid.rows(of: tile).lowerBound, columnStart: grid.columns(of: tile).lowerBound,
      rows: rows, columns: columns, values: values)
    return grid.isLowerTriangle && whole.rowStart + rows > order ? whole.leading(order) : whole
  }
}

extension DenseTile {
  /// Whether the tile is a whole one on the diagonal of a symmetric matrix.
  var isDiagonal: Bool { rowStart == columnStart }

  /// What of the tile lies in the leading rows and columns of a matrix.
  func leading(_ order: Int) -> DenseTile {
    let height = min(rows, order - rowStart)
    let width = min(columns, order - columnStart)
    let kept = (0..<height).flatMap { values[$0 * columns..<$0 * columns + width] }
    return DenseTile(
      rowStart: rowStart, columnStart: columnStart, rows: height, columns: width, values: kept)
  }

  /// The tile of the transposed matrix.
  var transposed: DenseTile {
    var flipped = [Double](repeating: 0, count: values.count)
    for i in 0..<rows {
      for j in 0..<columns { flipped[j * rows + i] = values[i * columns + j] }
    }
    return DenseTile(
      rowStart: columnStart, columnStart: rowStart, rows: columns, columns: rows, values: flipped)
  }
}
