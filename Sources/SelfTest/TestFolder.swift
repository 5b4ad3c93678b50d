import DurableFiles
import Failures
import Foundation
import RankProgram

/// A folder for the files of a test, inside the folder that the user named.
struct TestFolder {
  let path: String
  private static let prefix = ".ntk-dist-selftest-"
  /// The folder that a killed test has left is removed after this many seconds.
  private static let age = 600.0

  /// Creates the folder. Collective.
  ///
  /// Errors: a parent folder that does not exist or cannot be written.
  init(in parent: String, _ ranks: Ranks) throws {
    let number = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    path = try ranks.world.broadcast("\(parent)/\(Self.prefix)\(number)")
    do {
      try ranks.onRoot { try Self.create(path, in: parent) }
    } catch {
      if ranks.isRoot { remove() }
      throw error
    }
  }

  private static func create(_ path: String, in parent: String) throws {
    let disk = Disk()
    guard try disk.exists(parent), try disk.isFolder(parent) else {
      throw Refusal(
        .missingInput,
        "\(parent) is no folder; name one that exists, where results of runs shall lie")
    }
    for name in try disk.list(parent) where name.hasPrefix(prefix) {
      let other = "\(parent)/\(name)"
      if try disk.secondsSinceWritten(other) > age {
        try? FileManager.default.removeItem(atPath: other)
      }
    }
    try disk.createFolder(path)
  }

  /// Removes the folder with all its files. Local, on rank 0.
  ///
  /// Files that cannot be removed now are removed by a later test.
  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file of a rank.
  func file(_ name: String, _ number: Int) -> String { "\(path)/\(name)-\(number)" }
}
