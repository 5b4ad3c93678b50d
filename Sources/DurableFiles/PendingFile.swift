import Foundation

/// A file being written under its temporary name, to be published whole or not at all.
///
/// Only `Disk.publish` makes one.
public struct PendingFile: ~Copyable {
  private let calls: SystemCalls
  private let temporary: String
  private let target: String
  private var descriptor: Int32

  init(calls: SystemCalls, folder: String, name: String, target: String) throws(FileError) {
    self.calls = calls
    self.target = target
    var attempts = 0
    while true {
      let temporary = folder + "/" + TemporaryName(for: name).text
      do {
        descriptor = try calls.open(temporary, O_WRONLY | O_CREAT | O_EXCL, as: .create)
        self.temporary = temporary
        return
      } catch {
        // A process with this number died here before and left its file: take the next counter.
        attempts += 1
        if error.code != EEXIST || attempts > 10_000 {
          throw FileError(operation: .create, path: target, code: error.code)
        }
      }
    }
  }

  deinit {
    if descriptor >= 0 { _ = Foundation.close(descriptor) }
  }

  /// Appends bytes.
  ///
  /// - Throws: `FileError` naming the file to be published.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    do {
      try calls.writeAll(descriptor, bytes, temporary, as: .write)
    } catch {
      throw FileError(operation: error.operation, path: target, code: error.code)
    }
  }

  /// Flushes, closes and renames.
  consuming func publish() throws(FileError) {
    do {
      try calls.flush(descriptor, temporary)
      let closing = descriptor
      descriptor = -1
      try calls.close(closing, temporary, afterWriting: true)
    } catch {
      throw FileError(operation: error.operation, path: target, code: error.code)
    }
    try calls.rename(temporary, to: target)
  }

  /// The temporary path, for removing it after a failure.
  var path: String { temporary }
}
