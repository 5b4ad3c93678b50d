import BlockCyclic

/// A rectangle of a matrix, as read from a store.
public struct DenseTile {
  /// The global row of its first element.
  public let rowStart: Int
  /// The global column of its first element.
  public let columnStart: Int
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// Its elements, row-major.
  public let values: [Double]

  /// Places `rows` x `columns` values, row-major, in a matrix.
  public init(rowStart: Int, columnStart: Int, rows: Int, columns: Int, values: [Double]) {
    self.rowStart = rowStart
    self.columnStart = columnStart
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// Throws if the tile extends beyond the matrix, has the wrong number of values, or is not where `part` allows it.
  func check(in layout: MatrixLayout, as part: DepositedPart) throws(DistributedAlgebraError) {
    var reason: String?
    if rowStart < 0 || columnStart < 0 || rows < 0 || columns < 0 || rows > layout.m - rowStart
      || columns > layout.n - columnStart
    {
      reason = "leaves the matrix of \(layout.m) x \(layout.n)"
    } else if values.count != rows * columns {
      reason = "has \(values.count) values"
    } else if part == .bothTriangles && !isOnDiagonal && rowStart < columnStart + columns {
      reason = "is neither whole on the diagonal nor below it"
    }
    if let reason {
      throw .misplacedTile(
        row: rowStart, column: columnStart, rows: rows, columns: columns, reason: reason)
    }
  }

  var isOnDiagonal: Bool { rowStart == columnStart && rows == columns }
}

/// Which elements of the matrix the tiles set.
public enum DepositedPart: Sendable {
  /// All elements of the tiles, wherever they are.
  case everything
  /// The elements of the tiles on and below the diagonal. The matrix above the diagonal does not change.
  case lowerTriangle
  /// All elements of the tiles and, for tiles below the diagonal, also their mirror images above it.
  case bothTriangles
}
