import Glibc

/// A file being written as `NAME.partial` until it is complete and takes its own name.
struct PartialFile: ~Copyable, Sendable {
  /// The name it will have.
  let path: String
  private let descriptor: Int32

  private static func partial(_ path: String) -> String { path + ".partial" }

  /// Makes an empty file, replacing what an earlier attempt left; cannotCreate.
  init(creating path: String) throws(NumPyError) {
    descriptor = open(Self.partial(path), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, code: errno) }
    self.path = path
  }

  /// Opens the file that another process made and has not published; missing, inputOutput.
  init(existing path: String) throws(NumPyError) {
    descriptor = open(Self.partial(path), O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw .missing(path: Self.partial(path)) }
      throw .inputOutput(path: Self.partial(path), function: "open", code: errno)
    }
    self.path = path
  }

  deinit { close(descriptor) }

  /// Sets the length; bytes not written yet read as zero. Source: ftruncate(2).
  func resize(to size: Int) throws(NumPyError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw failure("ftruncate") }
  }

  /// Writes all of `bytes` from `offset` on. Source: pwrite(2).
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(NumPyError) {
    var done = 0
    while done < bytes.count {
      let put = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if put < 0 {
        if errno == EINTR { continue }
        throw failure("write")
      }
      // POSIX lets pwrite take nothing without an error; waiting for more would never end.
      guard put > 0 else {
        throw .inputOutput(path: Self.partial(path), function: "write", code: ENOSPC)
      }
      done += put
    }
  }

  /// Writes bytes.
  func write(_ bytes: [UInt8], at offset: Int) throws(NumPyError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
      try write(UnsafeRawBufferPointer(buffer), at: offset)
    }
  }

  /// Writes doubles, little endian.
  func write(_ values: UnsafeBufferPointer<Double>, at offset: Int) throws(NumPyError) {
    if 1.littleEndian == 1 {
      try write(UnsafeRawBufferPointer(values), at: offset)
      return
    }
    let words = values.map { $0.bitPattern.littleEndian }
    try words.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
      try write(UnsafeRawBufferPointer(buffer), at: offset)
    }
  }

  /// Hands what this process wrote to the storage. Source: fsync(2).
  func flush() throws(NumPyError) {
    guard fsync(descriptor) == 0 else { throw failure("fsync") }
  }

  /// Flushes and renames; the file appears whole under its name. Source: rename(2).
  consuming func publish() throws(NumPyError) {
    try flush()
    guard rename(Self.partial(path), path) == 0 else { throw failure("rename") }
    // The new name is durable once its folder is; a file system that cannot flush folders says
    // EINVAL, and there nothing better exists.
    let slash = path.lastIndex(of: "/")
    let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    defer { close(folder) }
    if fsync(folder) != 0 && errno != EINVAL { throw failure("fsync of the folder") }
  }

  private func failure(_ function: String) -> NumPyError {
    .inputOutput(path: Self.partial(path), function: function, code: errno)
  }
}
