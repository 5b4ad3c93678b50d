import Foundation

/// The process that holds a run's lease, as the lease's file names it.
struct LeaseHolder: Codable, Equatable {
  let host: String
  let process: Int32
  /// Which boot and which process namespace `process` counts in.
  let machine: String
  /// When the process started, in clock ticks since boot.
  let started: String
  /// The SLURM job and how often it was requeued, where there is one.
  let slurmJob: String?
  let slurmRestart: Int?
  /// What sets this holder apart from all others.
  let token: String
  let command: String
  let since: String

  /// This process.
  init(command: String) {
    host = ProcessInfo.processInfo.hostName
    process = getpid()
    machine = Self.thisMachine
    started = Self.startTime(of: process) ?? ""
    slurmJob = ProcessInfo.processInfo.environment["SLURM_JOB_ID"]
    slurmRestart = Self.thisRestart
    token = UUID().uuidString
    self.command = command
    since = EventLog.timestamp()
  }

  /// Whether the holder certainly no longer runs: its process has ended on this machine, or its SLURM
  /// job is the one that runs here now, requeued since. Steps of one SLURM job may run side by side.
  var isGone: Bool {
    if machine == Self.thisMachine {
      // Other users' processes may be hidden in /proc.
      if let start = Self.startTime(of: process) { return start != started }
      return kill(process, 0) != 0 && errno == ESRCH
    }
    guard let slurmJob, slurmJob == ProcessInfo.processInfo.environment["SLURM_JOB_ID"] else {
      return false
    }
    return slurmRestart ?? 0 < Self.thisRestart ?? 0
  }

  /// Whether the holder certainly runs.
  var isAlive: Bool { machine == Self.thisMachine && Self.startTime(of: process) == started }

  /// As messages name it.
  var description: String { "`\(command)` (process \(process) on \(host), since \(since))" }

  private static var thisRestart: Int? {
    ProcessInfo.processInfo.environment["SLURM_RESTART_COUNT"].flatMap(Int.init)
  }

  private static let thisMachine: String = {
    let boot = text("/proc/sys/kernel/random/boot_id") ?? ""
    let space = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid"))
    return boot.trimmingCharacters(in: .whitespacesAndNewlines) + " " + (space ?? "")
  }()

  /// Field 22 of /proc/PID/stat; nil where there is no such process.
  private static func startTime(of process: Int32) -> String? {
    guard let stat = text("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")") else {
      return nil
    }
    // The state is the first field after the name; a zombie has ended, and is no process of that time.
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
