import Foundation

/// A large file that is read from its start to its end.
public struct SequentialFile: ~Copyable {
  private let calls: SystemCalls
  private let path: String
  private let descriptor: Int32

  /// Opens the file at `path`.
  ///
  /// - Throws: `FileError`.
  public init(_ path: String, disk: Disk = Disk()) throws(FileError) {
    calls = disk.calls
    self.path = path
    descriptor = try calls.open(path, O_RDONLY, as: .read)
  }

  deinit { _ = close(descriptor) }

  /// Fills `buffer` with the next bytes.
  ///
  /// - Returns: how many there were; less than asked at the end of the file.
  /// - Throws: `FileError`.
  public func read(_ buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    try calls.readAll(descriptor, buffer, path)
  }
}
