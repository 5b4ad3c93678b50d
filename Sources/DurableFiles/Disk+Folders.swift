import Foundation

extension Disk {
  /// Creates a folder and those above it, durably. A folder that exists is left alone.
  ///
  /// Ranks on several hosts may do it at the same time.
  ///
  /// - Throws: `FileError`; `ENOTDIR` where a file is in the way.
  public func createFolder(_ path: String) throws(FileError) {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    do {
      try createOneFolder(path)
    } catch {
      let parent = Disk.split(path).folder
      // The parent is a shorter path, so this ends.
      guard error.isMissing, parent.utf8.count < path.utf8.count else { throw error }
      try createFolder(parent)
      // Some file systems, such as /proc, say ENOENT although the parent exists: no second round.
      try createOneFolder(path)
    }
  }

  private func createOneFolder(_ path: String) throws(FileError) {
    do {
      _ = try calls.check(.makeFolder, path) { Int(mkdir(path, 0o777)) }
    } catch {
      guard error.code == EEXIST else { throw error }
      guard try isFolder(path) else {
        throw FileError(operation: .makeFolder, path: path, code: ENOTDIR)
      }
      return
    }
    try calls.flushFolder(Disk.split(path).folder)
  }

  /// Removes a file, if it exists.
  ///
  /// - Returns: whether it existed.
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

  /// Removes temporary files of writers that have died from a folder.
  ///
  /// - Parameter age: seconds; a file of another host, or of a running process, is removed only
  ///   if it has not been written to for this long.
  /// - Returns: the names removed, sorted; none where the folder does not exist.
  /// - Throws: `FileError`.
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
        // Another rank removed it, or its writer has just published it.
        if !error.isMissing { throw error }
      }
    }
    return removed
  }

  /// Removes temporary files of writers that have died from a folder and those below it.
  ///
  /// - Parameter skipped: names of folders that are left alone.
  /// - Throws: `FileError`.
  public func removeStaleTemporaries(
    below folder: String, skipping skipped: Set<String> = []
  ) throws(FileError) {
    try removeStaleTemporaries(in: folder)
    for name in try list(folder) where !skipped.contains(name) {
      let path = folder + "/" + name
      var status = stat()
      // A symbolic link may lead anywhere, and is not followed.
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
      try removeStaleTemporaries(below: path)
    }
  }

  /// Whether `path` is a folder.
  ///
  /// - Throws: `FileError` where it does not exist or cannot be looked at.
  public func isFolder(_ path: String) throws(FileError) -> Bool {
    var status = stat()
    _ = try calls.check(.inspect, path) { Int(stat(path, &status)) }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether two paths lead to one file; false where either leads to none.
  ///
  /// - Throws: `FileError`.
  public func isSameFile(_ first: String, _ second: String) throws(FileError) -> Bool {
    guard try exists(first), try exists(second) else { return false }
    var (a, b) = (stat(), stat())
    _ = try calls.check(.inspect, first) { Int(stat(first, &a)) }
    _ = try calls.check(.inspect, second) { Int(stat(second, &b)) }
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino
  }

  /// Seconds since a file was last written to; minus infinity where it does not exist.
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
