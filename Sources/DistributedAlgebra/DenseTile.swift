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

  /// Throws where the tile leaves the matrix, lacks values, or is not where `part` allows it.
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

/// Which elements of the matrix tiles set.
public enum DepositedPart: Sendable {
  /// The elements of the tiles, wherever they are.
  case everything
  /// Those of the tiles' elements on and below the diagonal; the ones above stay as they are.
  case lowerTriangle
  /// The tiles' elements and, for the tiles below the diagonal, their mirror images above it.
  case bothTriangles
}
