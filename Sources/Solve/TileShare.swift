import DistributedAlgebra
import RankProgram
import TileStore
import Tiling

/// One rank's share of the tiles in a part of an array. The tiles are distributed round-robin, so that all ranks read
/// at the same time.
///
/// Rows and columns are relative to the first row and column of the part.
struct TileShare {
  private let array: TileArray
  private let rows: Range<Int>
  private let columns: Range<Int>
  private let indices: [Int]
  /// The number of ranks that read the tiles together.
  let readers: Int

  /// - Parameters:
  ///   - rows: The rows of the part; nil for all rows.
  ///   - columns: The columns of the part; nil for all columns. In a lower triangle, they must not extend beyond the
  ///     diagonal.
  ///   - ranks: The ranks that share the tiles; nil if one rank reads all of them.
  init(
    of array: TileArray, rows: Range<Int>? = nil, columns: Range<Int>? = nil, ranks: Ranks?
  ) {
    let grid = array.spec.grid
    let (rows, columns) = (rows ?? 0..<grid.m, columns ?? 0..<grid.n)
    let wanted = (0..<grid.count).filter {
      let tile = grid.tile(at: $0)
      return grid.rows(of: tile).overlaps(rows) && grid.columns(of: tile).overlaps(columns)
    }
    self.array = array
    self.rows = rows
    self.columns = columns
    readers = ranks?.count ?? 1
    indices = stride(from: ranks?.rank ?? 0, to: wanted.count, by: readers).map {
      wanted[$0]
    }
  }

  private var grid: TileGrid { array.spec.grid }

  var count: Int { indices.count }

  /// The name of the array.
  var name: String { array.path.split(separator: "/").suffix(1).joined() }

  /// The size of a whole tile in the store, in bytes.
  var storedTileBytes: Int { array.spec.bytesPerTile }

  /// The size of a whole tile in memory, in bytes.
  var tileBytes: Int { grid.tileRows * grid.tileColumns * MemoryLayout<Double>.size }

  /// Whether tile number `number` of the share is on the diagonal of a symmetric matrix.
  func isOnDiagonal(_ number: Int) -> Bool { grid.isDiagonal(grid.tile(at: indices[number])) }

  /// Reads tile number `number` of the share.
  func read(_ number: Int) throws -> DenseTile {
    let tile = grid.tile(at: indices[number])
    let (height, width) = grid.validShape(of: tile)
    let values = try [Double](unsafeUninitializedCapacity: height * width) { buffer, count in
      let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<(height * width)])
      try array.read(tile, into: whole)
      count = height * width
    }
    let whole = DenseTile(
      rowStart: grid.rows(of: tile).lowerBound, columnStart: grid.columns(of: tile).lowerBound,
      rows: height, columns: width, values: values)
    return whole.cropped(rows: rows, columns: columns)
  }
}

extension DenseTile {
  /// Whether the tile lies on the diagonal of a symmetric matrix. The tile must be whole.
  package var isDiagonal: Bool { rowStart == columnStart }

  /// The section of the tile that lies in a part of the matrix, with positions relative to that part.
  fileprivate func cropped(rows part: Range<Int>, columns partColumns: Range<Int>) -> DenseTile {
    let height = part.clamped(to: rowStart..<rowStart + rows)
    let width = partColumns.clamped(to: columnStart..<columnStart + columns)
    let isWhole = height.count == rows && width.count == columns
    let first = width.lowerBound - columnStart
    return DenseTile(
      rowStart: height.lowerBound - part.lowerBound,
      columnStart: width.lowerBound - partColumns.lowerBound, rows: height.count,
      columns: width.count,
      values: isWhole
        ? values
        : height.flatMap { row in
          let start = (row - rowStart) * columns + first
          return values[start..<start + width.count]
        })
  }

  /// The section of the tile in the rows and in the columns whose numbers are in `chosen`, which must be in ascending
  /// order. Positions are relative to the matrix of these rows and columns. Empty if the tile contains none of them.
  func selected(_ chosen: [Int]) -> DenseTile {
    let height = chosen.range(within: rowStart..<rowStart + rows)
    let width = chosen.range(within: columnStart..<columnStart + columns)
    guard !height.isEmpty, !width.isEmpty else {
      return DenseTile(rowStart: 0, columnStart: 0, rows: 0, columns: 0, values: [])
    }
    var part: [Double] = []
    part.reserveCapacity(height.count * width.count)
    for row in height {
      let start = (chosen[row] - rowStart) * columns - columnStart
      for column in width { part.append(values[start + chosen[column]]) }
    }
    return DenseTile(
      rowStart: height.lowerBound, columnStart: width.lowerBound, rows: height.count,
      columns: width.count, values: part)
  }

  /// The corresponding tile of the transposed matrix.
  var transposed: DenseTile {
    var flipped = [Double](repeating: 0, count: values.count)
    for i in 0..<rows {
      for j in 0..<columns { flipped[j * rows + i] = values[i * columns + j] }
    }
    return DenseTile(
      rowStart: columnStart, columnStart: rowStart, rows: columns, columns: rows, values: flipped)
  }
}

extension [Int] {
  /// The positions of those elements that lie in a range. The elements of the array must be in ascending order.
  fileprivate func range(within range: Range<Int>) -> Range<Int> {
    func place(of bound: Int) -> Int {
      var (low, high) = (0, count)
      while low < high {
        let middle = (low + high) / 2
        if self[middle] < bound { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return place(of: range.lowerBound)..<place(of: range.upperBound)
  }
}

extension TileArray {
  /// All values of a one-dimensional array. Local.
  package func line() throws -> [Double] {
    let grid = spec.grid
    var values = [Double](repeating: 0, count: grid.m)
    for index in 0..<grid.count {
      let tile = grid.tile(at: index)
      let rows = grid.rows(of: tile)
      var part = [Double](repeating: 0, count: rows.count)
      try part.withUnsafeMutableBufferPointer { try read(tile, into: $0) }
      values.replaceSubrange(rows, with: part)
    }
    return values
  }
}
