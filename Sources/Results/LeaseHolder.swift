import DurableFiles
import Foundation

/// The process that holds a run's lease, as described in the file of the lease.
struct LeaseHolder: Codable, Equatable {
  let host: String
  let process: Int32
  /// Identifies the boot and the process namespace in which `process` is valid.
  let machine: String
  /// The time when the process started, in clock ticks since boot.
  let started: String
  /// The SLURM job and how often it was requeued, if there is one.
  let slurmJob: String?
  let slurmRestart: Int?
  /// Distinguishes this holder from all others.
  let token: String
  let command: String
  let since: String

  /// Describes this process.
  init(command: String) {
    host = ProcessInfo.processInfo.hostName
    process = getpid()
    machine = ProcessSpace.current
    started = Self.startTime(of: process) ?? ""
    slurmJob = ProcessInfo.processInfo.environment["SLURM_JOB_ID"]
    slurmRestart = Self.thisRestart
    token = UUID().uuidString
    self.command = command
    since = EventLog.timestamp()
  }

  /// Whether the holder certainly no longer runs: its process has ended on this machine, or its
  /// SLURM job was requeued and runs here now. Steps of one SLURM job may run at the same time.
  var isGone: Bool {
    if machine == ProcessSpace.current {
      // Processes of other users may be hidden in /proc.
      if let start = Self.startTime(of: process) { return start != started }
      return kill(process, 0) != 0 && errno == ESRCH
    }
    guard let slurmJob, slurmJob == ProcessInfo.processInfo.environment["SLURM_JOB_ID"] else {
      return false
    }
    return slurmRestart ?? 0 < Self.thisRestart ?? 0
  }

  /// Whether the holder certainly still runs.
  var isAlive: Bool { machine == ProcessSpace.current && Self.startTime(of: process) == started }

  /// The holder as messages name it.
  var description: String { "`\(command)` (process \(process) on \(host), since \(since))" }

  private static var thisRestart: Int? {
    ProcessInfo.processInfo.environment["SLURM_RESTART_COUNT"].flatMap(Int.init)
  }

  /// Field 22 of /proc/PID/stat; nil if there is no such process.
  private static func startTime(of process: Int32) -> String? {
    guard let stat = text("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else {
      return nil
    }
    // The state is the first field after the name. A zombie has ended, so it does not count as a
    // process with that start time.
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 19 else { return nil }
    return fields[0] == "Z" ? "ended" : String(fields[19])
  }

  private static func text(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? file.close() }
    return (try? file.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
  }
}
