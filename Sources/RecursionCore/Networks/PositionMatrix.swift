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

  /// FNV-1a of the values, by values in place of bytes.
  public var digest: UInt64 {
    values.reduce(0xcbf2_9ce4_8422_2325) { hash, value in
      (hash ^ value.bitPattern) &* 0x100_0000_01b3
    }
  }
}
