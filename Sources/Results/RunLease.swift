import DurableFiles
import Failures
import Foundation
import Synchronization

/// The right to write a run's results, which one job holds at a time.
///
/// It is the file `lease-N.json` with the highest N in the run folder. To take it over, a process
/// creates `lease-(N+1).json`, which only one of several succeeds in. The holder touches its file every
/// few seconds. A lease whose holder has ended on this machine is taken over at once, any other one
/// after its file has not changed for `patience` seconds. Clocks of different machines are not compared.
package final class RunLease: Sendable {
  /// Seconds between two signs of life.
  static let interval = 10.0

  private let folder: String
  private let path: String
  private let disk: Disk
  private let hasEnded = Mutex(false)

  /// Takes the lease of a run folder. Local, on rank 0.
  ///
  /// - Parameters:
  ///   - command: what is going to write, for messages.
  ///   - patience: seconds without a sign of life after which a lease is stale.
  ///   - poll: called while waiting; may throw.
  ///
  /// Errors: a `Refusal` of kind `stopped` where another job holds the lease; files.
  package init(
    _ run: RunFolder, command: String, patience: Double = 120, disk: Disk = Disk(),
    poll: () throws -> Void
  ) throws {
    folder = run.path
    self.disk = disk
    let text = String(decoding: try JSONText.bytes(LeaseHolder(command: command)), as: UTF8.self)
    while true {
      let present = try Self.numbers(in: folder, disk)
      if let last = present.max() {
        try Self.awaitEnd(
          of: "\(folder)/\(Self.name(last))", run, patience: patience, disk, poll: poll)
      }
      let number = (present.max() ?? 0) + 1
      let path = "\(folder)/\(Self.name(number))"
      guard try disk.createExclusively(path, text) else { continue }
      let now = try Self.numbers(in: folder, disk)
      if let higher = now.max(), higher > number {
        // The listing missed a file that was created meanwhile.
        try disk.remove(path)
        continue
      }
      for old in now where old < number { try disk.remove("\(folder)/\(Self.name(old))") }
      self.path = path
      break
    }
    keepAlive()
  }

  /// Throws where another job has taken the lease over, because this process seemed dead.
  package func require() throws {
    guard try disk.exists(path) else {
      throw Refusal(
        .stopped,
        "another job has taken over \(folder), because this one gave no sign of life for minutes; "
          + "nothing more is written")
    }
  }

  /// Gives the lease back.
  package func release() {
    hasEnded.withLock { $0 = true }
    // A lease that stays is taken over as soon as this process has ended.
    _ = try? disk.remove(path)
  }

  /// Returns once the lease in `path` is free to be taken over; throws where its holder lives.
  private static func awaitEnd(
    of path: String, _ run: RunFolder, patience: Double, _ disk: Disk, poll: () throws -> Void
  ) throws {
    let first = try disk.lastChange(path)
    var waited = 0.0
    while true {
      guard let change = try disk.lastChange(path) else { return }
      let holder = try? JSONText.value(LeaseHolder.self, try disk.read(path))
      if holder?.isGone ?? false { return }
      if change != first || holder?.isAlive ?? false {
        throw Refusal(
          .stopped,
          "\(run.path) is being written by \(holder?.description ?? "another job"); wait until it "
            + "ends, or stop it")
      }
      if waited >= patience { return }
      try poll()
      usleep(250_000)
      waited += 0.25
    }
  }

  private static func name(_ number: Int) -> String { "lease-\(number).json" }

  private static func numbers(in folder: String, _ disk: Disk) throws -> [Int] {
    try disk.list(folder).compactMap { name in
      guard name.hasPrefix("lease-"), name.hasSuffix(".json") else { return nil }
      return Int(name.dropFirst(6).dropLast(5))
    }
  }

  /// Starts the thread that touches the file.
  private func keepAlive() {
    let (path, disk) = (path, disk)
    Thread.detachNewThread { [weak self] in
      var next = Self.interval
      var elapsed = 0.0
      while true {
        usleep(200_000)
        elapsed += 0.2
        guard let lease = self, !lease.hasEnded.withLock({ $0 }) else { return }
        if elapsed >= next {
          _ = try? disk.touch(path)
          next = elapsed + Self.interval
        }
      }
    }
  }
}
