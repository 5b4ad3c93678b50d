import Glibc

extension Disk {
  /// Reads the file at `path` into `buffer`, and the part that does not fit there into `trailer`.
  ///
  /// - Returns: the size of the file in bytes. The buffers are filled only if their total size equals this size.
  /// - Throws: `FileError`.
  public func read(
    _ path: String, into buffer: UnsafeMutableRawBufferPointer,
    trailer: UnsafeMutableRawBufferPointer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  ) throws(FileError) -> Int {
    let (descriptor, size) = try calls.openRegularFile(path)
    defer { _ = close(descriptor) }
    guard size == buffer.count + trailer.count else { return size }
    let first = try calls.readAll(descriptor, buffer, path)
    guard first == buffer.count else { return first }
    return try first + calls.readAll(descriptor, trailer, path)
  }

  /// The whole content of a small file.
  ///
  /// - Parameter limit: the maximum size in bytes; a larger file is refused with `EFBIG` before it is read.
  /// - Throws: `FileError`.
  public func read(_ path: String, limit: Int = 1 << 26) throws(FileError) -> [UInt8] {
    let (descriptor, size) = try calls.openRegularFile(path)
    defer { _ = close(descriptor) }
    guard size <= limit else { throw FileError(operation: .read, path: path, code: EFBIG) }
    var bytes = [UInt8](repeating: 0, count: size)
    let count = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      try calls.readAll(descriptor, UnsafeMutableRawBufferPointer(buffer), path)
    }
    bytes.removeLast(size - count)
    return bytes
  }

  /// The names in a folder, unsorted, without `.` and `..`.
  ///
  /// - Throws: `FileError`.
  public func list(_ folder: String) throws(FileError) -> [String] {
    try entries(of: folder).map(\.name)
  }

  /// A name in a folder and its type: DT_DIR, DT_REG, ..., or DT_UNKNOWN.
  struct FolderEntry {
    let name: String
    let type: UInt8
  }

  /// Lists a folder like `list`, with the types that the listing contains.
  func entries(of folder: String) throws(FileError) -> [FolderEntry] {
    let stream = try openFolder(folder)
    defer { closedir(stream) }
    var entries: [FolderEntry] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw FileError(operation: .list, path: folder, code: errno) }
        return entries
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." {
        entries.append(FolderEntry(name: name, type: entry.pointee.d_type))
      }
    }
  }

  /// The number of bytes that an ordinary user can still write on the file system of `path`.
  ///
  /// - Throws: `FileError`.
  public func freeBytes(at path: String) throws(FileError) -> Int {
    var status = statvfs()
    _ = try calls.check(.inspect, path) { Int(statvfs(path, &status)) }
    let (bytes, overflow) = UInt(status.f_bavail).multipliedReportingOverflow(
      by: UInt(status.f_frsize))
    return overflow ? Int.max : Int(clamping: bytes)
  }

  private func openFolder(_ folder: String) throws(FileError) -> OpaquePointer {
    var stream: OpaquePointer?
    _ = try calls.check(.list, folder) {
      stream = opendir(folder)
      return stream == nil ? -1 : 0
    }
    guard let stream else { throw FileError(operation: .list, path: folder, code: ENOENT) }
    return stream
  }
}
