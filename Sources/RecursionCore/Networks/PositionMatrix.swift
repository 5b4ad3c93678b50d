/// A matrix over the positions of an image, read from a file.
public struct PositionMatrix: Sendable, Hashable {
  /// The path of the file, as written in the network.
  public let path: String
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// The entries, row by row.
  public let values: [Double]

  /// Creates a matrix.
  ///
  /// - Precondition: `values` has `rows` times `columns` entries.
  public init(path: String, rows: Int, columns: Int, values: [Double]) {
    precondition(values.count == rows * columns, "a matrix has a value at every place")
    (self.path, self.rows, self.columns, self.values) = (path, rows, columns, values)
  }
}
