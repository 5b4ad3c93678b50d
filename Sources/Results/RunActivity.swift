import DurableFiles
import Foundation

/// Tells whether a job works on a run now, as far as the files of the run show.
package struct RunActivity: Sendable {
  /// The process that writes to the run, for example
  /// `` `ntk-dist run` (process 812 on node3, since ...) ``; nil if nothing writes.
  package let writer: String?
  /// The seconds since a job last wrote to the run; nil if no job ever did.
  package let silence: Double?
  /// The long steps that jobs are in now, each with the folder of its job.
  package let steps: [(run: RunFolder, record: StepRecord)]

  /// Whether a job with --shard works on the run. Such jobs take no lease.
  package let hasActiveShard: Bool

  /// A writer gives a sign every ten seconds. A writer that is silent for this many seconds has stopped.
  private static let patience = 60.0

  /// Looks at the folder of a run. Local.
  ///
  /// Errors: file errors.
  package init(of run: RunFolder, disk: Disk = Disk()) throws {
    var signs: [Double] = []
    var holder: String?
    if let lease = try RunLease.last(of: run, disk: disk) {
      signs.append(max(lease.age, 0))
      if lease.isHeld ?? (lease.age < Self.patience) { holder = lease.holder }
    }
    var steps: [(run: RunFolder, record: StepRecord)] = []
    for writer in try run.writers(disk: disk) {
      if let (record, age) = try StepRecord.read(writer, disk: disk) {
        signs.append(age)
        // During a long routine of ScaLAPACK a job writes nothing, but the holder of the lease still lives.
        if writer.shard == .whole ? holder != nil : age < Self.patience {
          steps.append((writer, record))
        }
      }
      let age = try disk.secondsSinceWritten(writer.events)
      if age.isFinite { signs.append(max(age, 0)) }
    }
    self.steps = steps
    hasActiveShard = steps.contains { $0.run.shard != .whole }
    writer = holder ?? (hasActiveShard ? "a shard's job" : nil)
    silence = signs.min()
  }

  /// Whether a job works on the run now.
  package var isActive: Bool { writer != nil }
}
