import DurableFiles
import Failures
import Foundation
import Synchronization

/// The right to write a run's results. Only one job holds it at a time.
///
/// The lease is the file `lease-N.json` with the highest N in the run folder. To take it over, a
/// process creates `lease-(N+1).json`; if several try, only one succeeds. The holder touches its
/// file every few seconds. If the holder has ended on this machine, its lease is taken over at
/// once. Any other lease is taken over after its file has not changed for `patience` seconds.
/// Clocks of different machines are not compared.
package final class RunLease: Sendable {
  /// The number of fifths of a second between signs of life: ten seconds.
  private static let ticks = 50

  private let folder: String
  private let path: String
  private let holder: LeaseHolder
  private let disk: Disk
  private let hasEnded = Mutex(false)

  /// Takes the lease of a run folder. Local, on rank 0.
  ///
  /// - Parameters:
  ///   - command: the command that is going to write, for messages.
  ///   - patience: the seconds without a sign of life after which a lease is stale.
  ///   - grace: the seconds that a process of this machine has to end. Ranks outlive a killed `mpirun` by moments.
  ///   - onWait: called once, with a sentence, before waiting for a sign of life.
  ///   - poll: called while waiting; may throw.
  ///
  /// Errors: a `Refusal` of kind `cannotCreate` if another job holds the lease; file errors.
  package init(
    _ run: RunFolder, command: String, patience: Double = 120, grace: Double = 5,
    disk: Disk = Disk(),
    onWait: (String) -> Void = { _ in }, poll: () throws -> Void
  ) throws {
    folder = run.path
    self.disk = disk
    let holder = LeaseHolder(command: command)
    self.holder = holder
    let text = String(decoding: try JSONText.bytes(holder), as: UTF8.self)
    while true {
      let present = try Self.numbers(in: folder, disk)
      if let last = present.max() {
        let isStale = try Self.awaitEnd(
          of: "\(folder)/\(Self.name(last))", run, patience: patience, grace: grace, disk,
          onWait: onWait, poll: poll)
        // The holder has given the lease back, and another job may have taken it since.
        guard isStale else { continue }
      }
      let number = (present.max() ?? 0) + 1
      let path = "\(folder)/\(Self.name(number))"
      guard try disk.createExclusively(path, text) else { continue }
      do {
        let now = try Self.numbers(in: folder, disk)
        guard now.allSatisfy({ $0 == number || $0 < number && present.contains($0) }) else {
          // The listing was made before another job took a lease.
          try disk.remove(path)
          continue
        }
        for old in now where old < number { try disk.remove("\(folder)/\(Self.name(old))") }
      } catch {
        // Report the first error, not one from this cleanup.
        _ = try? disk.remove(path)
        throw error
      }
      self.path = path
      break
    }
    keepAlive()
  }

  deinit { release() }

  /// Throws if another job has taken the lease over because this process seemed dead.
  package func require() throws {
    guard isOwn else {
      throw Refusal(
        .cannotCreate,
        "another job has taken over \(folder), because this one gave no sign of life for minutes; "
          + "nothing more is written")
    }
  }

  /// Gives the lease back.
  package func release() {
    let isFirst = hasEnded.withLock { hasEnded in
      defer { hasEnded = true }
      return !hasEnded
    }
    // If the file cannot be removed, the lease can be taken over as soon as this process has ended.
    if isFirst, isOwn { _ = try? disk.remove(path) }
  }

  /// Whether the file belongs to this process. This must be checked because numbers are reused.
  private var isOwn: Bool {
    let found = try? JSONText.value(LeaseHolder.self, try disk.read(path))
    return found?.token == holder.token
  }

  /// Waits until the lease in `path` is stale (returns true) or has disappeared (returns false).
  /// Throws if its holder is alive.
  private static func awaitEnd(
    of path: String, _ run: RunFolder, patience: Double, grace: Double, _ disk: Disk,
    onWait: (String) -> Void, poll: () throws -> Void
  ) throws -> Bool {
    let first = try disk.lastChange(path)
    var waited = 0.0
    var hasWarned = false
    while true {
      guard let change = try disk.lastChange(path) else { return false }
      let holder = try? JSONText.value(LeaseHolder.self, try disk.read(path))
      if holder?.isGone ?? false { return true }
      let isAlive = holder?.isAlive ?? false
      if change != first && !isAlive || isAlive && waited >= grace {
        throw Refusal(
          .cannotCreate,
          "\(run.path) is being written by \(holder?.description ?? "another job"); wait until it "
            + "ends, or stop it")
      }
      if waited >= patience, !isAlive { return true }
      if !isAlive, !hasWarned {
        hasWarned = true
        onWait(
          "\(run.path) was last written by \(holder?.description ?? "another job"); waiting up to "
            + "\(Int(patience)) s for a sign of life")
      }
      try poll()
      usleep(250_000)
      waited += 0.25
    }
  }

  /// The lease in a run folder: who took it, whether that process runs (nil if this machine cannot
  /// know), and the seconds since its last sign of life; nil if there is no lease.
  ///
  /// Errors: file errors.
  package static func last(
    of run: RunFolder, disk: Disk = Disk()
  ) throws(FileError) -> (holder: String, isHeld: Bool?, age: Double)? {
    guard let number = try numbers(in: run.path, disk).max() else { return nil }
    let path = "\(run.path)/\(name(number))"
    let age = try disk.secondsSinceWritten(path)
    // The lease was given back after the listing.
    guard age.isFinite else { return nil }
    let holder = (try? disk.read(path)).flatMap { try? JSONText.value(LeaseHolder.self, $0) }
    let isHeld: Bool? =
      holder.flatMap { $0.isAlive ? true : $0.isGone ? false : nil }
    return (holder?.description ?? "another job", isHeld, age)
  }

  private static func name(_ number: Int) -> String { "lease-\(number).json" }

  private static func numbers(in folder: String, _ disk: Disk) throws(FileError) -> [Int] {
    try disk.list(folder).compactMap { name in
      guard name.hasPrefix("lease-"), name.hasSuffix(".json") else { return nil }
      return Int(name.dropFirst(6).dropLast(5))
    }
  }

  /// Starts the thread that touches the file.
  private func keepAlive() {
    let (path, disk) = (path, disk)
    Thread.detachNewThread { [weak self] in
      for tick in 1... {
        usleep(200_000)
        guard let lease = self, !lease.hasEnded.withLock({ $0 }) else { return }
        if tick % Self.ticks == 0, lease.isOwn { _ = try? disk.touch(path) }
      }
    }
  }
}
