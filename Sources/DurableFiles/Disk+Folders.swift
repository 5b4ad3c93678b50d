import Foundation

extension Disk {
  /// Creates a folder and those above it, durably; one that exists is left alone.
  ///
  /// Ranks on several hosts may do it at the same time.
  ///
  /// - Throws: `FileError`; `ENOTDIR` where a file is in the way.
  public func createFolder(_ path: String) throws(FileError) {
    do {
      _ = try calls.check(.makeFolder, path) { Int(mkdir(path, 0o777)) }
    } catch {
      switch error.code {
      case EEXIST:
        guard try isFolder(path) else {
          throw FileError(operation: .makeFolder, path: path, code: ENOTDIR)
        }
        return
      case ENOENT:
        let parent = Disk.split(path.hasSuffix("/") ? String(path.dropLast()) : path).folder
        // An empty path or one whose parent is itself has nothing above it to create.
        guard !path.isEmpty, parent != path, parent != "." else { throw error }
        try createFolder(parent)
        try createFolder(path)
        return
      default: throw error
      }
    }
    try calls.flushFolder(Disk.split(path.hasSuffix("/") ? String(path.dropLast()) : path).folder)
  }

  /// Removes a file; one that is not there is no error.
  ///
  /// - Returns: whether it was there.
  /// - Throws: `FileError`.
  @discardableResult
  public func remove(_ path: String) throws(FileError) -> Bool {
    do {
      _ = try calls.check(.remove, path) { Int(unlink(path)) }
    } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return false }
      throw error
    }
    try calls.flushFolder(Disk.split(path).folder)
    return true
  }

  /// Removes temporary files that their writers left in a folder when they died.
  ///
  /// - Parameter age: seconds; a file of another host, or of a process that lives, is removed only
  ///   if nobody wrote to it for so long.
  /// - Returns: the names removed, sorted.
  /// - Throws: `FileError`; a folder that is not there holds none.
  @discardableResult
  public func removeStaleTemporaries(
    in folder: String, olderThan age: Double = 86_400
  ) throws(FileError) -> [String] {
    let names: [String]
    do {
      names = try list(folder)
    } catch {
      if error.isMissing { return [] }
      throw error
    }
    var removed: [String] = []
    for name in names.sorted() {
      guard let temporary = TemporaryName(parsing: name) else { continue }
      let path = folder + "/" + name
      if !temporary.writerIsGone {
        guard try secondsSinceWritten(path) >= age else { continue }
      }
      do {
        _ = try calls.check(.remove, path) { Int(unlink(path)) }
        removed.append(name)
      } catch {
        // Another rank cleans the same folder, or the writer has just published.
        if !error.isMissing { throw error }
      }
    }
    return removed
  }

  /// Whether `path` is a folder.
  ///
  /// - Throws: `FileError` where it does not exist or cannot be looked at.
  public func isFolder(_ path: String) throws(FileError) -> Bool {
    var status = stat()
    _ = try calls.check(.inspect, path) { Int(stat(path, &status)) }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// Seconds since a file was last written to; minus infinity where it is gone.
  ///
  /// - Throws: `FileError`.
  public func secondsSinceWritten(_ path: String) throws(FileError) -> Double {
    var status = stat()
    do {
      _ = try calls.check(.inspect, path) { Int(stat(path, &status)) }
    } catch {
      if error.isMissing { return -.infinity }
      throw error
    }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec - status.st_mtim.tv_sec)
      + Double(now.tv_nsec - status.st_mtim.tv_nsec) * 1e-9
  }
}
