/// A float64 `.npy` file of known shape that several processes fill at once.
///
/// One process creates it, the others then open it, each writes its own elements and calls
/// `close`, and after all have done so one calls `publish`. Elements that nobody writes are zero.
public struct NumPyFileWriter: ~Copyable, Sendable {
  /// The file's header; rows are along its first axis, columns all others in C order.
  public let header: NumPyHeader
  private let file: PartialFile

  /// Number of rows.
  public var rows: Int { header.shape.first ?? 1 }
  /// Number of columns.
  public var columns: Int { header.shape.dropFirst().reduce(1, *) }

  /// Makes `path.partial` at its full size without occupying it; cannotCreate, wrongShape.
  public static func create(
    path: String, shape: [Int]
  ) throws(NumPyError) -> NumPyFileWriter {
    let header = try NumPyHeader(dataType: .float64, shape: shape, path: path)
    let file = try PartialFile(creating: path)
    try file.resize(to: header.fileSize)
    try file.write(header.encoded(), at: 0)
    return NumPyFileWriter(header: header, file: file)
  }

  /// Opens the file that another process has created and not yet published.
  ///
  /// Errors: missing; wrongShape where it was created with another shape.
  public static func open(
    existing path: String, shape: [Int]
  ) throws(NumPyError) -> NumPyFileWriter {
    let file = try PartialFile(existing: path)
    let found = try NumPyFileReader(path: path + ".partial").header
    guard found.shape == shape, found.dataType == .float64 else {
      throw .wrongShape(
        path: path + ".partial",
        problem: "has shape \(found.shape) and dtype \(found.dataType.rawValue) where \(shape) "
          + "and <f8 are asked for; remove it")
    }
    return NumPyFileWriter(header: found, file: file)
  }

  private init(header: NumPyHeader, file: consuming PartialFile) {
    self.header = header
    self.file = file
  }

  /// Writes a segment of one row from `column` on.
  ///
  /// Precondition: the segment lies within the row; wrongShape.
  public func write(
    row: Int, column: Int, values: UnsafeBufferPointer<Double>
  ) throws(NumPyError) {
    let (end, overflow) = column.addingReportingOverflow(values.count)
    guard row >= 0, row < rows, column >= 0, !overflow, end <= columns else {
      throw outside("\(values.count) elements at row \(row), column \(column)")
    }
    try file.write(values, at: header.dataOffset + (row * columns + column) * 8)
  }

  /// Writes whole consecutive rows.
  ///
  /// Precondition: whole rows, within the array; wrongShape.
  public func write(
    rowsFrom row: Int, values: UnsafeBufferPointer<Double>
  ) throws(NumPyError) {
    let count = columns == 0 ? 0 : values.count / columns
    guard row >= 0, count * columns == values.count, row <= rows - count else {
      throw outside("\(values.count) elements from row \(row) on")
    }
    try file.write(values, at: header.dataOffset + row * columns * 8)
  }

  /// Ends this process's part: what it wrote is with the storage before anyone publishes.
  public consuming func close() throws(NumPyError) { try file.flush() }

  /// Gives the complete file its name.
  ///
  /// Precondition: every other process has returned from `close`.
  public consuming func publish() throws(NumPyError) { try file.publish() }

  private func outside(_ what: String) -> NumPyError {
    .wrongShape(path: file.path, problem: "of shape \(header.shape) has no place for \(what)")
  }
}
