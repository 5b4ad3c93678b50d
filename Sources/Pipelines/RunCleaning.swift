import DurableFiles
import Failures
import Foundation
import Jobs
import Results

/// `ntk-dist clean RUN`: removes everything from a run that can be computed again. The results and
/// the summary are kept.
public struct RunCleaning {
  private let run: RunFolder
  private let keepsKernels: Bool
  private let disk = Disk()

  /// Prepares to clean the run in `path`.
  ///
  /// - Parameter keepsKernels: whether the tiles of the kernels are kept.
  public init(_ path: String, keepsKernels: Bool) {
    run = RunFolder(path)
    self.keepsKernels = keepsKernels
  }

  /// Something to remove.
  public struct Item {
    /// The file or folder.
    let path: String
    /// A description for the user.
    let meaning: String
    /// The size of all its files.
    public let bytes: Int

    /// A line for the user.
    public var line: String { "\(path): \(meaning), \(readable(bytes: bytes))" }
  }

  /// The things that can be removed.
  ///
  /// Errors: a folder without a run, a run that a job is writing to, file errors.
  public func items() throws -> [Item] {
    try run.requireJob()
    try run.requireRun()
    if let writer = try RunActivity(of: run).writer { throw busy(writer) }
    var items: [Item] = []
    func add(_ path: String, _ meaning: String) throws {
      guard try disk.exists(path) else { return }
      items.append(Item(path: path, meaning: meaning, bytes: try disk.bytes(under: path)))
    }
    if !keepsKernels {
      // The checksums come first: a crash between the two steps must not leave checksums of other tiles.
      for writer in try run.writers() {
        try add("\(writer.own)/checksums", "the checksums of the kernels' tiles")
      }
      try add(run.store, "the kernels' tiles; `ntk-dist assemble --resume` computes them again")
      try add(run.removedStore, "tiles that an interrupted `clean` left")
    }
    for path in try disk.folders(withSuffix: ".reduction", below: "\(run.path)/spectrum") {
      try add(path, "the state of an interrupted reduction")
    }
    for path in try disk.folders(withSuffix: ".iteration", below: "\(run.path)/predictions") {
      try add(path, "the state of an interrupted iteration")
    }
    return items
  }

  /// Removes these items, in this order.
  ///
  /// - Parameter onWait: called with a sentence if the command has to wait until it is certain that
  ///   another job has ended.
  ///
  /// Errors: a job that has begun to write to the run; file errors. Whatever was removed before the
  /// error stays removed.
  public func remove(_ items: [Item], onWait: (String) -> Void) throws {
    let lease = try RunLease(run, command: "ntk-dist clean", onWait: onWait, poll: {})
    defer { lease.release() }
    // The jobs of shards do not take a lease.
    guard try !RunActivity(of: run).hasActiveShard else { throw busy("a shard's job") }
    for item in items { try remove(item.path) }
    StepRecord.remove(run)
    try disk.removeStaleTemporaries(in: run.path, recursively: true)
    try EventLog(run, isOpen: true).add(
      "cleaned", ["bytes": .integer(items.reduce(0) { $0 + $1.bytes })])
  }

  /// Removes a file or folder. The store is renamed first, because half a store could not be opened.
  private func remove(_ path: String) throws(FileError) {
    guard path == run.store else { return try disk.removeTree(path) }
    try disk.removeTree(run.removedStore)
    try disk.move(path, to: run.removedStore)
    try disk.removeTree(run.removedStore)
  }

  private func busy(_ writer: String) -> Refusal {
    Refusal(
      .cannotCreate, "\(run.path) is being written by \(writer); wait until it ends, or stop it")
  }
}
