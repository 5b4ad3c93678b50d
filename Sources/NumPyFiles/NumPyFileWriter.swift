import DurableFiles

/// A float64 `.npy` file of known shape that several processes fill at the same time.
///
/// One process creates the file and tells its `temporaryPath` to the others. All of them fill it
/// through `NumPyFilePart`s. When all parts are closed, the first process publishes the file.
/// Elements that no process writes are zero. If a writer goes out of scope without publishing, it removes the file.
public struct NumPyFileWriter: ~Copyable, Sendable {
  private let file: PendingFile

  /// The path of the file until it is published.
  public var temporaryPath: String { file.temporaryPath }

  /// Creates the file at its full size without occupying disk space.
  ///
  /// Errors: file, wrongShape.
  public init(
    creating path: String, shape: [Int], disk: Disk = Disk()
  ) throws(NumPyError) {
    let header = try NumPyHeader(dataType: .float64, shape: shape, path: path)
    file = try onFile { () throws(FileError) in
      let file = try PendingFile(for: path, disk: disk)
      try file.resize(to: header.fileSize)
      try file.write(header.encoded(), at: 0)
      return file
    }
  }

  /// Gives the complete file its name.
  ///
  /// - Precondition: every part is closed.
  public consuming func publish() throws(NumPyError) {
    do throws(FileError) { try file.publish() } catch { throw .file(error) }
  }
}

/// One process's part of a file that a `NumPyFileWriter` created.
public struct NumPyFilePart: ~Copyable, Sendable {
  private let header: NumPyHeader
  private let path: String
  private let file: PendingFilePart
  private let rows: Int
  private let columns: Int

  /// Opens the file at a writer's `temporaryPath`; `shape` is the shape with which it was created.
  ///
  /// Errors: file, wrongShape.
  public init(of temporaryPath: String, shape: [Int], disk: Disk = Disk()) throws(NumPyError) {
    let header = try NumPyHeader(dataType: .float64, shape: shape, path: temporaryPath)
    let file = try onFile { () throws(FileError) in
      try PendingFilePart(temporaryPath, disk: disk)
    }
    self.header = header
    self.file = file
    path = temporaryPath
    rows = shape.first ?? 1
    columns = shape.dropFirst().reduce(1, *)
  }

  /// Writes a segment of one row, starting at `column`. Rows are along the first axis, and columns
  /// are along all other axes in C order.
  ///
  /// - Precondition: the segment lies within the row; otherwise wrongShape.
  public func write(
    row: Int, column: Int, values: UnsafeBufferPointer<Double>
  ) throws(NumPyError) {
    let (end, overflow) = column.addingReportingOverflow(values.count)
    guard row >= 0, row < rows, column >= 0, !overflow, end <= columns else {
      throw .wrongShape(
        path: path,
        problem: "of shape \(header.shape) has no place for \(values.count) elements at row "
          + "\(row), column \(column)")
    }
    try onFile { () throws(FileError) in
      try withLittleEndianBytes(of: values) { (bytes) throws(FileError) in
        try file.write(bytes, at: header.dataOffset + (row * columns + column) * 8)
      }
    }
  }

  /// Flushes what this process wrote and closes the file.
  public consuming func close() throws(NumPyError) {
    try onFile { () throws(FileError) in try file.flush() }
  }
}
