import Glibc

/// An open file that is read at given offsets; closed when it goes.
package struct ReadableFile: ~Copyable, Sendable {
  /// The name it was opened by.
  package let path: String
  /// Its bytes when it was opened.
  package let size: Int
  private let descriptor: Int32

  /// Opens a regular file; missing, inputOutput. Source: open(2), fstat(2).
  package init(path: String) throws(NumPyError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR { throw .missing(path: path) }
      throw .inputOutput(path: path, function: "open", code: code)
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw .inputOutput(path: path, function: "fstat", code: code)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw .inputOutput(path: path, function: "read", code: EISDIR)
    }
    self.path = path
    self.size = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Fills `bytes` from `offset` on; truncated where the file ends first. Source: pread(2).
  package func read(
    into bytes: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(NumPyError) {
    var done = 0
    while done < bytes.count {
      let got = pread(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if got < 0 {
        if errno == EINTR { continue }
        throw .inputOutput(path: path, function: "read", code: errno)
      }
      if got == 0 {
        throw .truncated(
          path: path, expectedBytes: offset + bytes.count, foundBytes: offset + done)
      }
      done += got
    }
  }

  /// The first `count` bytes, or as many as there are.
  package func head(_ count: Int) throws(NumPyError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(count, size))
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(NumPyError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
    }
    return bytes
  }
}
