/// A matrix over the positions of an image, read from a file.
public struct PositionMatrix: Sendable, Hashable {
  /// The file, as the network names it.
  public let path: String
  /// How many rows.
  public let rows: Int
  /// How many columns.
  public let columns: Int
  /// Row by row.
  public let values: [Double]

  /// - Precondition: rows times columns `values`.
  public init(path: String, rows: Int, columns: Int, values: [Double]) {
    precondition(values.count == rows * columns, "a matrix has a value at every place")
    (self.path, self.rows, self.columns, self.values) = (path, rows, columns, values)
  }
}
