import Glibc

// Creates files that at most one process can create, for leases.

extension Disk {
  /// Creates a file that does not exist yet, with the content `text`, durably.
  ///
  /// - Returns: whether this call created the file; false if the file exists already.
  /// - Throws: `FileError`.
  public func createExclusively(_ path: String, _ text: String) throws(FileError) -> Bool {
    let descriptor: Int32
    do {
      descriptor = try calls.open(path, O_WRONLY | O_CREAT | O_EXCL, as: .create)
    } catch {
      if error.code == EEXIST { return false }
      throw error
    }
    defer { _ = close(descriptor) }
    let bytes = [UInt8](text.utf8)
    do {
      try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
        try calls.writeAll(descriptor, UnsafeRawBufferPointer(buffer), path, as: .write)
      }
      try calls.flush(descriptor, path)
      try calls.flushFolder(Disk.split(path).folder)
    } catch {
      // Report the first error, not one from this cleanup.
      _ = unlink(path)
      throw error
    }
    return true
  }

  /// Sets the time of a file's last change to now.
  ///
  /// - Throws: `FileError`, with `isMissing` if the file does not exist.
  public func touch(_ path: String) throws(FileError) {
    _ = try calls.check(.write, path) { Int(utimensat(AT_FDCWD, path, nil, 0)) }
  }

  /// The time of a file's last change, in nanoseconds of its file system's clock; nil if the file
  /// does not exist.
  ///
  /// The file is opened so that network file systems ask their server.
  ///
  /// - Throws: `FileError`.
  public func lastChange(_ path: String) throws(FileError) -> Int? {
    let descriptor: Int32
    do {
      descriptor = try calls.open(path, O_RDONLY, as: .inspect)
    } catch {
      if error.isMissing { return nil }
      throw error
    }
    defer { _ = close(descriptor) }
    var status = stat()
    _ = try calls.check(.inspect, path) { Int(fstat(descriptor, &status)) }
    return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
  }
}
