import DurableFiles
import Failures
import Foundation
import Jobs
import Results

/// `ntk-dist clean RUN`: removes from a run what can be computed again. The results and the summary stay.
public struct RunCleaning {
  private let run: RunFolder
  private let keepsKernels: Bool
  private let disk = Disk()

  /// Cleaning the run in `path`.
  ///
  /// - Parameter keepsKernels: whether the kernels' tiles stay.
  public init(_ path: String, keepsKernels: Bool) {
    run = RunFolder(path)
    self.keepsKernels = keepsKernels
  }

  /// Something to remove.
  public struct Item {
    /// The file or folder.
    let path: String
    /// What it is, for the user.
    let meaning: String
    /// Of all its files.
    public let bytes: Int

    /// For the user.
    public var line: String { "\(path): \(meaning), \(readable(bytes: bytes))" }
  }

  /// What is there to remove.
  ///
  /// Errors: no run in the folder, one that a job is writing to, files.
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
      // First the checksums: a crash between the two must not leave checksums of other tiles.
      for writer in try run.writers() {
        try add("\(writer.own)/checksums", "the checksums of the kernels' tiles")
      }
      try add(run.store, "the kernels' tiles; `ntk-dist assemble --resume` computes them again")
      try add(run.removedStore, "tiles that an interrupted `clean` left")
    }
    for path in try disk.folders(withSuffix: ".reduction", below: "\(run.path)/spectrum") {
      try add(path, "the state of an interrupted reduction")
    }
    return items
  }

  /// Removes them, in their order.
  ///
  /// - Parameter onWait: is told, in a sentence, that another job must show first that it has ended.
  ///
  /// Errors: a job that has begun to write to the run; files; what was removed before the error stays removed.
  public func remove(_ items: [Item], onWait: (String) -> Void) throws {
    let lease = try RunLease(run, command: "ntk-dist clean", onWait: onWait, poll: {})
    defer { lease.release() }
    // The jobs of shards take no lease.
    guard try !RunActivity(of: run).hasActiveShard else { throw busy("a shard's job") }
    for item in items { try remove(item.path) }
    StepRecord.remove(run)
    try disk.removeStaleTemporaries(in: run.path, recursively: true)
    try EventLog(run, isOpen: true).add(
      "cleaned", ["bytes": .integer(items.reduce(0) { $0 + $1.bytes })])
  }

  /// Removes a file or folder. The store loses its name first: half of one could not be opened.
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
