import Glibc

/// The only place that calls the operating system. Repeats interrupted calls, turns `errno` into
/// `FileError`, and asks the fault injection, if there is one, before every call.
struct SystemCalls: Sendable {
  let faults: FaultInjection?

  /// Runs `call` until it is not interrupted.
  ///
  /// - Parameter half: for tests, the part of the call that a dying process still carries out (a torn write).
  func check(
    _ operation: FileError.Operation, _ path: String, half: () -> Void = {}, _ call: () -> Int
  ) throws(FileError) -> Int {
    while true {
      if let faults {
        switch faults.verdict() {
        case .proceed: break
        case .fail(EINTR): continue
        case .fail(let code): throw FileError(operation: operation, path: path, code: code)
        case .dieAfterHalf:
          half()
          faults.forgetUnflushed()
          throw FileError(operation: operation, path: path, code: ECANCELED)
        }
      }
      let result = call()
      if result >= 0 { return result }
      let code = errno
      if code != EINTR { throw FileError(operation: operation, path: path, code: code) }
    }
  }

  func open(
    _ path: String, _ flags: Int32, as operation: FileError.Operation
  ) throws(FileError) -> Int32 {
    Int32(try check(operation, path) { Int(Glibc.open(path, flags | O_CLOEXEC, 0o666)) })
  }

  /// Opens a regular file for reading and returns its size. `O_NONBLOCK` keeps a pipe without a
  /// writer from blocking before the pipe is refused.
  func openRegularFile(_ path: String) throws(FileError) -> (descriptor: Int32, size: Int) {
    let descriptor = try open(path, O_RDONLY | O_NONBLOCK, as: .read)
    do throws(FileError) {
      var status = stat()
      _ = try check(.inspect, path) { Int(fstat(descriptor, &status)) }
      switch status.st_mode & S_IFMT {
      case S_IFREG: return (descriptor, Int(status.st_size))
      case S_IFDIR: throw FileError(operation: .read, path: path, code: EISDIR)
      default: throw FileError(operation: .read, path: path, code: ENXIO)
      }
    } catch {
      _ = Glibc.close(descriptor)
      throw error
    }
  }

  /// Writes all bytes, at `offset` or, if `offset` is nil, at the current position of the descriptor.
  func writeAll(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ path: String,
    as operation: FileError.Operation, at offset: Int? = nil
  ) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let put = { (count: Int) -> Int in
        guard let offset else { return Glibc.write(descriptor, rest.baseAddress, count) }
        return pwrite(descriptor, rest.baseAddress, count, off_t(offset + done))
      }
      let count = faults?.transfer(rest.count) ?? rest.count
      faults?.noteWritten(path)
      let written = try check(operation, path, half: { _ = put(rest.count / 2) }) { put(count) }
      // POSIX allows a write to accept no bytes without an error. Repeating it would never end.
      guard written > 0 else { throw FileError(operation: operation, path: path, code: ENOSPC) }
      done += written
    }
  }

  /// Reads until the buffer is full or the file ends. Returns the number of bytes read.
  func readAll(
    _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, _ path: String,
    at offset: Int? = nil
  ) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = faults?.transfer(rest.count) ?? rest.count
      let got = try check(.read, path) {
        guard let offset else { return Glibc.read(descriptor, rest.baseAddress, count) }
        return pread(descriptor, rest.baseAddress, count, off_t(offset + filled))
      }
      if got == 0 { break }
      filled += got
    }
    return filled
  }

  func flush(_ descriptor: Int32, _ path: String) throws(FileError) {
    _ = try check(.flush, path) { Int(fsync(descriptor)) }
    faults?.noteFlushed(path)
  }

  /// Closes the descriptor. An error matters only after writing, because a network file system may
  /// report a full disk as late as this. `EINTR` is not repeated, because Linux has released the descriptor by then.
  func close(_ descriptor: Int32, _ path: String, afterWriting: Bool) throws(FileError) {
    let failed = Glibc.close(descriptor) != 0 && errno != EINTR
    if failed && afterWriting {
      throw FileError(operation: .write, path: path, code: errno)
    }
  }

  func rename(_ source: String, to target: String) throws(FileError) {
    let isNew = faults != nil && access(target, F_OK) != 0
    _ = try check(.rename, target) { Int(Glibc.rename(source, target)) }
    faults?.noteRenamed(source, to: target, isNew: isNew)
  }

  /// Makes the names in a folder durable.
  func flushFolder(_ path: String) throws(FileError) {
    let descriptor = try open(path, O_RDONLY | O_DIRECTORY, as: .flushFolder)
    defer { _ = Glibc.close(descriptor) }
    do {
      _ = try check(.flushFolder, path) { Int(fsync(descriptor)) }
      faults?.noteFolderFlushed(path)
    } catch {
      // Some network file systems report that they cannot flush a folder. Their server keeps the order of renames.
      if error.code != EINVAL && error.code != ENOTSUP { throw error }
    }
  }
}
