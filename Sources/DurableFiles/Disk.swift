import Glibc

/// The file system as this program uses it: durable writes, reads of whole files, errors as sentences.
///
/// This is a value without state. Any number of ranks, threads and hosts may use the same folders.
public struct Disk: Sendable {
  let calls: SystemCalls

  /// Creates a disk. Only tests give `faults`.
  public init(faults: FaultInjection? = nil) {
    calls = SystemCalls(faults: faults)
  }

  /// Replaces the file at `path` by `bytes`, atomically and durably.
  ///
  /// - Parameter flushesFolder: whether the name, too, has reached the disk on return. If not, a
  ///   power cut may bring the old content back, but never a torn file.
  /// - Throws: `FileError`; then the old content is still there and no temporary file is left.
  public func publish(
    _ bytes: UnsafeRawBufferPointer, to path: String, flushesFolder: Bool = true
  ) throws(FileError) {
    try publish(to: path, flushesFolder: flushesFolder) { (file) throws(FileError) in
      try file.write(bytes)
    }
  }

  /// Replaces the file at `path` by `bytes`, atomically and durably.
  public func publish(
    _ bytes: [UInt8], to path: String, flushesFolder: Bool = true
  ) throws(FileError) {
    try publish(to: path, flushesFolder: flushesFolder) { (file) throws(FileError) in
      try file.write(bytes)
    }
  }

  /// Replaces the file at `path` by the UTF-8 bytes of `text`, atomically and durably.
  public func publish(
    _ text: String, to path: String, flushesFolder: Bool = true
  ) throws(FileError) {
    try publish([UInt8](text.utf8), to: path, flushesFolder: flushesFolder)
  }

  /// Replaces the file at `path` by the content that `body` writes in portions, atomically and durably.
  ///
  /// - Throws: `FileError`, also if `body` throws it; then nothing is published.
  public func publish(
    to path: String, flushesFolder: Bool = true,
    _ body: (borrowing PendingFile) throws(FileError) -> Void
  ) throws(FileError) {
    let file = try PendingFile(for: path, disk: self)
    try body(file)
    try file.publish(flushesFolder: flushesFolder)
  }

  /// Appends one line and flushes it. If an earlier crash left an incomplete line, this line is ended first.
  ///
  /// - Parameter line: text without a line break.
  /// - Throws: `FileError`; with `EINVAL` if `line` has a line break.
  public func append(line: String, to path: String) throws(FileError) {
    guard !line.utf8.contains(UInt8(ascii: "\n")) else {
      throw FileError(operation: .append, path: path, code: EINVAL)
    }
    let descriptor = try calls.open(path, O_RDWR | O_APPEND | O_CREAT, as: .append)
    defer { _ = close(descriptor) }
    var status = stat()
    _ = try calls.check(.inspect, path) { Int(fstat(descriptor, &status)) }
    var bytes = Array((line + "\n").utf8)
    if status.st_size > 0 {
      var last: UInt8 = 0
      _ = try calls.check(.read, path) { pread(descriptor, &last, 1, status.st_size - 1) }
      if last != UInt8(ascii: "\n") { bytes.insert(UInt8(ascii: "\n"), at: 0) }
    }
    try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      try calls.writeAll(descriptor, UnsafeRawBufferPointer(buffer), path, as: .append)
    }
    try calls.flush(descriptor, path)
    if status.st_size == 0 { try calls.flushFolder(Disk.split(path).folder) }
  }

  /// Splits a path into its folder and its name.
  static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = String(path[..<slash])
    return (folder.isEmpty ? "/" : folder, String(path[path.index(after: slash)...]))
  }
}
