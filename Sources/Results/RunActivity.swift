import DurableFiles
import Foundation

/// Whether a job works on a run now, as far as its files tell.
package struct RunActivity: Sendable {
  /// What writes to the run, for example `` `ntk-dist run` (process 812 on node3, since ...) ``; nil
  /// where nothing does.
  package let writer: String?
  /// Seconds since a job last wrote to the run; nil where none ever did.
  package let silence: Double?
  /// The long step that the job is in, with the folder of the job.
  package let steps: [(run: RunFolder, record: StepRecord)]

  /// Whether a job with --shard works on the run. Such jobs take no lease.
  package let hasActiveShard: Bool

  /// A writer signs every ten seconds. One that is silent for so long has stopped.
  private static let patience = 60.0

  /// Looks at a run's folder. Local.
  ///
  /// Errors: files.
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
        // A long routine of ScaLAPACK says nothing, and the lease's holder lives.
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
