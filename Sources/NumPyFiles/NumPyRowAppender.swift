/// A float64 `.npy` file that grows by panels of rows; their number is known only at the end.
public struct NumPyRowAppender: ~Copyable, Sendable {
  /// Rows appended so far.
  public private(set) var rows = 0
  /// Elements per row.
  public let columns: Int
  private let rowShape: [Int]
  private let dataOffset: Int
  private let file: PartialFile

  /// Makes `path.partial` without rows; `rowShape` is the shape of one row. cannotCreate, wrongShape.
  public init(path: String, rowShape: [Int]) throws(NumPyError) {
    let header = try NumPyHeader(dataType: .float64, shape: [0] + rowShape, path: path)
    file = try PartialFile(creating: path)
    self.rowShape = rowShape
    columns = rowShape.reduce(1, *)
    dataOffset = header.dataOffset
  }

  /// Appends whole rows.
  ///
  /// Precondition: a multiple of `columns` values; wrongShape.
  public mutating func append(_ values: UnsafeBufferPointer<Double>) throws(NumPyError) {
    let count = columns == 0 ? 0 : values.count / columns
    guard count * columns == values.count else {
      throw .wrongShape(
        path: file.path, problem: "has rows of \(columns) elements, and \(values.count) were given")
    }
    try file.write(values, at: dataOffset + rows * columns * 8)
    rows += count
  }

  /// Writes the header with the final number of rows and gives the file its name.
  public consuming func publish() throws(NumPyError) {
    let header = try NumPyHeader(dataType: .float64, shape: [rows] + rowShape, path: file.path)
    // The header leaves room for 21 digits of the first length, so the data stay where they are.
    try file.write(header.encoded(), at: 0)
    try file.publish()
  }
}
