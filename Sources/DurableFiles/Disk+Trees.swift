import Foundation

// Operations on folders with everything below them. Symbolic links are not followed.

extension Disk {
  /// The folders in a folder, sorted by name.
  ///
  /// - Throws: `FileError`.
  public func folders(in folder: String) throws(FileError) -> [String] {
    try entries(of: folder).filter { isFolder($0, folder + "/" + $0.name) }.map(\.name).sorted()
  }

  /// The folders below `folder` whose names end with `suffix`, sorted by path; empty if `folder` does not exist.
  ///
  /// - Throws: `FileError`.
  public func folders(withSuffix suffix: String, below folder: String) throws(FileError) -> [String]
  {
    guard try exists(folder) else { return [] }
    var found: [String] = []
    for name in try folders(in: folder) {
      let path = folder + "/" + name
      if name.hasSuffix(suffix) {
        found.append(path)
      } else {
        found += try folders(withSuffix: suffix, below: path)
      }
    }
    return found
  }

  /// The size of a file, or of all files below a folder; 0 if it does not exist.
  ///
  /// - Throws: `FileError`.
  public func bytes(under path: String) throws(FileError) -> Int {
    var status = stat()
    guard lstat(path, &status) == 0 else { return 0 }
    guard status.st_mode & S_IFMT == S_IFDIR else { return Int(status.st_size) }
    var sum = 0
    for entry in try entries(of: path) { sum += try bytes(under: path + "/" + entry.name) }
    return sum
  }

  /// Gives a file or folder another name on the same disk.
  ///
  /// - Throws: `FileError`.
  public func move(_ path: String, to target: String) throws(FileError) {
    try calls.rename(path, to: target)
  }

  /// Removes a file, or a folder with everything below it. It is not an error if it does not exist.
  ///
  /// - Throws: `FileError`; whatever was removed before the error stays removed.
  public func removeTree(_ path: String) throws(FileError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      _ = try calls.check(.remove, path) { Int(unlink(path)) }
      return
    }
    for entry in try entries(of: path) { try removeTree(path + "/" + entry.name) }
    _ = try calls.check(.remove, path) { Int(rmdir(path)) }
  }
}
