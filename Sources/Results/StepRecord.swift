import DurableFiles
import Foundation

/// `progress.json`: the long step that a job is in. `status` and `list` show it.
///
/// Rank 0 writes the file when the job begins, at every new step, and about every ten seconds. It
/// removes the file when the job ends. The file of a killed job remains. Inside a library routine,
/// a step does not update the file.
package struct StepRecord: Codable, Equatable, Sendable {
  /// The stage that the step belongs to, named like the commands; nil before the first stage.
  package var stage: String?
  /// The step, for example `spectrum of depth=30/ntk`.
  package var step: String
  /// The finished fraction, from 0 to 1; nil if it cannot be known.
  package var fraction: Double?
  /// The seconds left; nil if they cannot be known yet.
  package var secondsLeft: Double?
  /// Rates and counts, for people.
  package var detail: String
  /// Whether the step only prepares the work on a kernel, such as reading it.
  package var isPreparation: Bool
  /// The time of the record, in UTC.
  package var time: String

  /// A record of the current state.
  package init(
    stage: String? = nil, step: String, fraction: Double? = nil, secondsLeft: Double? = nil,
    detail: String = "", isPreparation: Bool = false
  ) {
    self.stage = stage
    self.isPreparation = isPreparation
    self.step = step
    self.fraction = fraction
    self.secondsLeft = secondsLeft
    self.detail = detail
    time = EventLog.timestamp()
  }

  /// Writes the record to a run folder. Best effort: no run fails because of it.
  package func write(_ run: RunFolder, disk: Disk = Disk()) {
    guard let bytes = try? JSONText.bytes(self) else { return }
    try? disk.publish(bytes, to: run.progress, flushesFolder: false)
  }

  /// Removes the record of a run. Best effort.
  package static func remove(_ run: RunFolder, disk: Disk = Disk()) {
    _ = try? disk.remove(run.progress)
  }

  /// The record of a run and the seconds since it was written; nil if no job is in a long step or
  /// the file is damaged.
  ///
  /// Errors: file errors.
  package static func read(
    _ run: RunFolder, disk: Disk = Disk()
  ) throws(FileError) -> (record: StepRecord, age: Double)? {
    let age = try disk.secondsSinceWritten(run.progress)
    guard age.isFinite else { return nil }
    let bytes: [UInt8]
    do {
      bytes = try disk.read(run.progress, limit: 1 << 16)
    } catch {
      // The job has ended since, or the file is not ours.
      if error.isMissing || error.code == EFBIG { return nil }
      throw error
    }
    return (try? JSONText.value(StepRecord.self, bytes)).map { ($0, max(age, 0)) }
  }
}
