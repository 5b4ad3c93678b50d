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
  /// Signs of life are this many fifths of a second apart: ten seconds.
  private static let ticks = 50

  private let folder: String
  private let path: String
  private let holder: LeaseHolder
  private let disk: Disk
  private let hasEnded = Mutex(false)

  /// Takes the lease of a run folder. Local, on rank 0.
  ///
  /// - Parameters:
  ///   - command: what is going to write, for messages.
  ///   - patience: seconds without a sign of life after which a lease is stale.
  ///   - grace: seconds that a process of this machine has to end. Ranks outlive a killed `mpirun` by
  ///     moments.
  ///   - onWait: called once, with a sentence, before waiting for a sign of life.
  ///   - poll: called while waiting; may throw.
  ///
  /// Errors: a `Refusal` of kind `cannotCreate` where another job holds the lease; files.
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
        // The holder has given it back, and others may have taken it since.
        guard isStale else { continue }
      }
      let number = (present.max() ?? 0) + 1
      let path = "\(folder)/\(Self.name(number))"
      guard try disk.createExclusively(path, text) else { continue }
      do {
        let now = try Self.numbers(in: folder, disk)
        guard now.allSatisfy({ $0 == number || $0 < number && present.contains($0) }) else {
          // The listing was older than another job's lease.
          try disk.remove(path)
          continue
        }
        for old in now where old < number { try disk.remove("\(folder)/\(Self.name(old))") }
      } catch {
        // The first error is the one to report.
        _ = try? disk.remove(path)
        throw error
      }
      self.path = path
      break
    }
    keepAlive()
  }

  deinit { release() }

  /// Throws where another job has taken the lease over, because this process seemed dead.
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
    // A lease that stays is taken over as soon as this process has ended.
    if isFirst, isOwn { _ = try? disk.remove(path) }
  }

  /// Whether the file is this process's: numbers are used again.
  private var isOwn: Bool {
    let found = try? JSONText.value(LeaseHolder.self, try disk.read(path))
    return found?.token == holder.token
  }

  /// Waits until the lease in `path` is stale (true) or has disappeared (false); throws where its holder
  /// lives.
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

  /// The lease that is in a run folder: who took it, whether that process runs (nil where that cannot be
  /// known from here), and the seconds since its last sign of life; nil for no lease.
  ///
  /// Errors: files.
  package static func last(
    of run: RunFolder, disk: Disk = Disk()
  ) throws(FileError) -> (holder: String, isHeld: Bool?, age: Double)? {
    guard let number = try numbers(in: run.path, disk).max() else { return nil }
    let path = "\(run.path)/\(name(number))"
    let age = try disk.secondsSinceWritten(path)
    // It was given back since the listing.
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
