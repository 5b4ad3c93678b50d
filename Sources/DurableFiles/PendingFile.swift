import Glibc

/// A file that is being written under a temporary name. It gets its own name only when it is complete.
///
/// A pending file that goes out of scope without being published is removed. `Disk.publish` is the
/// short form for content that one process writes from start to end.
public struct PendingFile: ~Copyable, Sendable {
  private let calls: SystemCalls
  private let target: String
  private var descriptor: Int32
  private var isPublished = false

  /// The path of the content until it is published. Other processes may write parts of it through
  /// `PendingFilePart`.
  public let temporaryPath: String

  /// Creates an empty temporary file in the folder of `target`.
  ///
  /// - Throws: `FileError` naming `target`.
  public init(for target: String, disk: Disk = Disk()) throws(FileError) {
    calls = disk.calls
    self.target = target
    let (folder, name) = Disk.split(target)
    var attempts = 0
    while true {
      let temporary = folder + "/" + TemporaryName(for: name).text
      do {
        descriptor = try calls.open(temporary, O_RDWR | O_CREAT | O_EXCL, as: .create)
        temporaryPath = temporary
        return
      } catch {
        // An earlier process with this number left its file: take the next counter.
        attempts += 1
        if error.code != EEXIST || attempts > 10_000 {
          throw FileError(operation: .create, path: target, code: error.code)
        }
      }
    }
  }

  deinit {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    // If the file cannot be removed now, it is removed later as stale.
    if !isPublished { _ = try? calls.check(.remove, target) { Int(unlink(temporaryPath)) } }
  }

  /// Writes bytes at `offset`; appends them if `offset` is nil.
  ///
  /// - Throws: `FileError` naming the file to be published.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int? = nil) throws(FileError) {
    try naming(target) { () throws(FileError) in
      try calls.writeAll(descriptor, bytes, temporaryPath, as: .write, at: offset)
    }
  }

  /// Writes bytes at `offset`; appends them if `offset` is nil.
  ///
  /// - Throws: `FileError` naming the file to be published.
  public func write(_ bytes: [UInt8], at offset: Int? = nil) throws(FileError) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(FileError) in
      try write(UnsafeRawBufferPointer(buffer), at: offset)
    }
  }

  /// Sets the length. Bytes that are never written read as zero.
  ///
  /// - Throws: `FileError` naming the file to be published.
  public func resize(to size: Int) throws(FileError) {
    _ = try calls.check(.write, target) { Int(ftruncate(descriptor, off_t(size))) }
  }

  /// Sets the time when the file was last written to, in nanoseconds as in `Disk.timeWritten`.
  ///
  /// - Throws: `FileError` naming the file to be published.
  public func setTimeWritten(_ time: Int) throws(FileError) {
    let (seconds, nanoseconds) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
    let moment = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
    _ = try calls.check(.write, target) {
      withUnsafePointer(to: (moment, moment)) {
        $0.withMemoryRebound(to: timespec.self, capacity: 2) { Int(futimens(descriptor, $0)) }
      }
    }
  }

  /// Flushes the content and renames the file to its own name.
  ///
  /// - Parameter flushesFolder: whether the name, too, has reached the disk on return. If not, a
  ///   power cut may bring the old content back, but never a torn file.
  /// - Precondition: every other process has flushed its part.
  /// - Throws: `FileError`; nothing is published, unless only flushing the folder failed.
  public consuming func publish(flushesFolder: Bool = true) throws(FileError) {
    try naming(target) { () throws(FileError) in try calls.flush(descriptor, temporaryPath) }
    let closing = descriptor
    descriptor = -1
    try calls.close(closing, target, afterWriting: true)
    try calls.rename(temporaryPath, to: target)
    isPublished = true
    if flushesFolder { try calls.flushFolder(Disk.split(target).folder) }
  }
}

/// One process's part of a pending file. Another process created the file and will publish it.
public struct PendingFilePart: ~Copyable, Sendable {
  private let calls: SystemCalls
  private let path: String
  private let descriptor: Int32

  /// Opens the file at `path`, a `PendingFile.temporaryPath`.
  ///
  /// - Throws: `FileError`.
  public init(_ path: String, disk: Disk = Disk()) throws(FileError) {
    calls = disk.calls
    self.path = path
    descriptor = try calls.open(path, O_RDWR, as: .write)
  }

  deinit { _ = Glibc.close(descriptor) }

  /// Writes bytes at an offset.
  ///
  /// - Throws: `FileError`.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    try calls.writeAll(descriptor, bytes, path, as: .write, at: offset)
  }

  /// Flushes what this process wrote.
  ///
  /// - Throws: `FileError`.
  public func flush() throws(FileError) { try calls.flush(descriptor, path) }
}

/// Runs `body` and replaces the path in its error by `path`, the file that the user knows.
private func naming(
  _ path: String, _ body: () throws(FileError) -> Void
) throws(FileError) {
  do {
    try body()
  } catch {
    throw FileError(operation: error.operation, path: path, code: error.code)
  }
}
