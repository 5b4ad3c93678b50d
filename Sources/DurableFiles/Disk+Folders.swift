import Glibc

extension Disk {
  /// Creates a folder and the folders above it, durably. An existing folder is left alone.
  ///
  /// Ranks on several hosts may do this at the same time.
  ///
  /// - Throws: `FileError`; `ENOTDIR` if a file is in the way.
  public func createFolder(_ path: String) throws(FileError) {
    var path = path
    while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
    do {
      try createOneFolder(path)
    } catch {
      // The path of the parent is shorter, so the recursion ends.
      guard error.isMissing, Disk.split(path).folder.utf8.count < path.utf8.count else {
        throw error
      }
      try createFolder(above: path)
      // Some file systems, such as /proc, report ENOENT although the parent exists. So try only once more.
      try createOneFolder(path)
    }
  }

  /// Creates the folder that contains `path`, and the folders above it.
  ///
  /// - Throws: `FileError`, as `createFolder(_:)`.
  public func createFolder(above path: String) throws(FileError) {
    try createFolder(Disk.split(path).folder)
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

  /// Makes the names in a folder durable. A folder that does not exist is left as it is.
  ///
  /// - Throws: `FileError`.
  public func flushFolder(_ path: String) throws(FileError) {
    do {
      try calls.flushFolder(path)
    } catch {
      guard error.isMissing else { throw error }
    }
  }

  /// Removes a file if it exists.
  ///
  /// - Parameter flushesFolder: whether the file stays removed after a power cut.
  /// - Returns: whether the file existed.
  /// - Throws: `FileError`.
  @discardableResult
  public func remove(_ path: String, flushesFolder: Bool = true) throws(FileError) -> Bool {
    do {
      _ = try calls.check(.remove, path) { Int(unlink(path)) }
    } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return false }
      throw error
    }
    if flushesFolder { try calls.flushFolder(Disk.split(path).folder) }
    return true
  }

  /// Removes a folder if it is empty. A folder that is not empty or does not exist is left as it is.
  ///
  /// - Throws: `FileError`.
  public func removeEmptyFolder(_ path: String) throws(FileError) {
    do {
      _ = try calls.check(.remove, path) { Int(rmdir(path)) }
    } catch {
      // POSIX allows either of the first two codes for a folder that is not empty.
      guard [ENOTEMPTY, EEXIST, ENOENT, ENOTDIR].contains(error.code) else { throw error }
    }
  }

  /// Removes the temporary files of dead writers from a folder.
  ///
  /// - Parameters:
  ///   - recursively: whether to search the folders below, too. Symbolic links are not followed.
  ///   - age: a file of another host, or of a running process, is removed only if it has not been
  ///     written to for this many seconds. For this host before its last boot, or in another
  ///     container, an hour is enough.
  /// - Returns: the names of the removed files, sorted in each folder; empty if the folder does not exist.
  /// - Throws: `FileError`.
  @discardableResult
  public func removeStaleTemporaries(
    in folder: String, recursively: Bool = false, olderThan age: Double = 86_400
  ) throws(FileError) -> [String] {
    let entries: [FolderEntry]
    do {
      entries = try self.entries(of: folder)
    } catch {
      // Other jobs may remove folders at the same time.
      if error.isMissing { return [] }
      throw error
    }
    var removed: [String] = []
    for entry in entries.sorted(by: { $0.name < $1.name }) {
      let path = folder + "/" + entry.name
      if let temporary = TemporaryName(parsing: entry.name) {
        if try removeIfStale(temporary, path, olderThan: age) { removed.append(entry.name) }
      } else if recursively, isFolder(entry, path) {
        removed += try removeStaleTemporaries(in: path, recursively: true, olderThan: age)
      }
    }
    return removed
  }

  private func removeIfStale(
    _ temporary: TemporaryName, _ path: String, olderThan age: Double
  ) throws(FileError) -> Bool {
    if !temporary.writerIsGone {
      // What a host left when it was switched off should not fill its disk for a day.
      let least = temporary.isOfAnotherSpaceHere ? min(age, 3600) : age
      guard try secondsSinceWritten(path) >= least else { return false }
    }
    do {
      _ = try calls.check(.remove, path) { Int(unlink(path)) }
      return true
    } catch {
      // Another rank has removed the file, or its writer has just published it.
      if error.isMissing { return false }
      throw error
    }
  }

  /// Whether an entry of a folder is itself a folder, and not a link to a folder.
  func isFolder(_ entry: FolderEntry, _ path: String) -> Bool {
    guard entry.type == UInt8(DT_UNKNOWN) else { return entry.type == UInt8(DT_DIR) }
    // Some file systems do not include the type in the listing.
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether `path` is a folder.
  ///
  /// - Throws: `FileError` if it does not exist or cannot be inspected.
  public func isFolder(_ path: String) throws(FileError) -> Bool {
    guard let status = try status(path) else {
      throw FileError(operation: .inspect, path: path, code: ENOENT)
    }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether something exists at `path`.
  ///
  /// - Throws: `FileError` if this cannot be determined.
  public func exists(_ path: String) throws(FileError) -> Bool { try status(path) != nil }

  /// Whether two paths lead to the same file; false if either path leads to no file.
  ///
  /// - Throws: `FileError`.
  public func isSameFile(_ first: String, _ second: String) throws(FileError) -> Bool {
    guard let a = try status(first), let b = try status(second) else { return false }
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino
  }

  /// Numbers that change when a file is replaced or written to; nil if the file does not exist.
  ///
  /// - Throws: `FileError`.
  public func state(of path: String) throws(FileError) -> [Int]? {
    try status(path).map {
      [
        Int(truncatingIfNeeded: $0.st_dev), Int(truncatingIfNeeded: $0.st_ino), Int($0.st_size),
        $0.st_mtim.tv_sec, $0.st_mtim.tv_nsec,
      ]
    }
  }

  /// The seconds since a file was last written to; minus infinity if it does not exist.
  ///
  /// - Throws: `FileError`.
  public func secondsSinceWritten(_ path: String) throws(FileError) -> Double {
    guard let status = try status(path) else { return -.infinity }
    return Disk.secondsSince(status.st_mtim)
  }

  /// The time when a file was last written to, in nanoseconds of its file system's clock; nil if it does not exist.
  ///
  /// - Throws: `FileError`.
  public func timeWritten(_ path: String) throws(FileError) -> Int? {
    try status(path).map { $0.st_mtim.tv_sec * 1_000_000_000 + $0.st_mtim.tv_nsec }
  }

  /// The seconds since a file got its name or its content, or was changed in any other way; minus
  /// infinity if it does not exist.
  ///
  /// - Throws: `FileError`.
  public func secondsSinceChanged(_ path: String) throws(FileError) -> Double {
    guard let status = try status(path) else { return -.infinity }
    return Disk.secondsSince(status.st_ctim)
  }

  private static func secondsSince(_ time: timespec) -> Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec - time.tv_sec) + Double(now.tv_nsec - time.tv_nsec) * 1e-9
  }

  /// The system's information about the file or folder at `path`; nil if it does not exist.
  private func status(_ path: String) throws(FileError) -> stat? {
    var status = stat()
    do {
      _ = try calls.check(.inspect, path) { Int(stat(path, &status)) }
      return status
    } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw error
    }
  }
}
