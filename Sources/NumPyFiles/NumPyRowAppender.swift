import DurableFiles

/// A float64 `.npy` file that grows by panels of rows. The number of rows is known only at the end.
public struct NumPyRowAppender: ~Copyable, Sendable {
  /// The number of rows appended so far.
  public private(set) var rows = 0
  private let path: String
  private let columns: Int
  private let rowShape: [Int]
  private let file: PendingFile

  /// Creates a file without rows; `rowShape` is the shape of one row.
  ///
  /// Errors: file, wrongShape.
  public init(path: String, rowShape: [Int], disk: Disk = Disk()) throws(NumPyError) {
    let header = try NumPyHeader(dataType: .float64, shape: [0] + rowShape, path: path)
    let file = try onFile { () throws(FileError) in
      let file = try PendingFile(for: path, disk: disk)
      // This reserves the place of the header, so that rows can be appended after it.
      try file.write(header.encoded())
      return file
    }
    self.file = file
    self.path = path
    self.rowShape = rowShape
    columns = rowShape.reduce(1, *)
  }

  /// Appends whole rows.
  ///
  /// - Precondition: the number of values is a multiple of the number of elements of a row;
  ///   otherwise wrongShape.
  public mutating func append(_ values: UnsafeBufferPointer<Double>) throws(NumPyError) {
    let count = columns == 0 ? 0 : values.count / columns
    guard count * columns == values.count else {
      throw .wrongShape(
        path: path, problem: "has rows of \(columns) elements, and \(values.count) were given")
    }
    try onFile { () throws(FileError) in
      try withLittleEndianBytes(of: values) { (bytes) throws(FileError) in
        try file.write(bytes)
      }
    }
    rows += count
  }

  /// Writes the header with the final number of rows and gives the file its name.
  public consuming func publish() throws(NumPyError) {
    // The header has room for 21 digits of the first length, so the data stay in place.
    let header = try NumPyHeader(dataType: .float64, shape: [rows] + rowShape, path: path)
    try onFile { () throws(FileError) in try file.write(header.encoded(), at: 0) }
    do throws(FileError) { try file.publish() } catch { throw .file(error) }
  }
}
