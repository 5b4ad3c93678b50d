import Glibc

/// A regular file that is open for reading.
public struct ReadableFile: ~Copyable, Sendable {
  /// The path with which the file was opened.
  public let path: String
  /// The size in bytes when the file was opened.
  public let size: Int
  private let calls: SystemCalls
  private let descriptor: Int32

  /// Opens the file at `path`. A pipe, socket, device or folder is refused at once.
  ///
  /// - Throws: `FileError`.
  public init(_ path: String, disk: Disk = Disk()) throws(FileError) {
    self.path = path
    calls = disk.calls
    (descriptor, size) = try calls.openRegularFile(path)
  }

  deinit { _ = close(descriptor) }

  /// Fills `buffer` with the bytes from `offset` on.
  ///
  /// - Returns: the number of bytes read; fewer than requested at the end of the file.
  /// - Throws: `FileError`.
  public func read(
    _ buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(FileError) -> Int {
    try calls.readAll(descriptor, buffer, path, at: offset)
  }
}
