import DurableFiles

/// A data file of known length. Reading beyond its end is an error.
package struct DataFile: ~Copyable, Sendable {
  private let file: ReadableFile

  /// The path with which the file was opened.
  package var path: String { file.path }
  /// The size in bytes when the file was opened.
  package var size: Int { file.size }

  /// Opens a regular file.
  ///
  /// Errors: file.
  package init(path: String) throws(NumPyError) {
    file = try onFile { () throws(FileError) in try ReadableFile(path) }
  }

  /// Fills `bytes` from `offset` on.
  ///
  /// Errors: file; truncated if the file ends before `bytes` is full.
  package func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(NumPyError) {
    let count = try onFile { () throws(FileError) in try file.read(bytes, at: offset) }
    guard count == bytes.count else {
      throw .truncated(
        path: path, expectedBytes: offset + bytes.count, foundBytes: offset + count)
    }
  }

  /// The first `count` bytes, or all bytes of a shorter file.
  package func head(_ count: Int) throws(NumPyError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(count, size))
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(NumPyError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
    }
    return bytes
  }
}
