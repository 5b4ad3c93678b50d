import DurableFiles
import Foundation

/// `progress.json`: the long step that a job is in, which `status` and `list` show.
///
/// Written by rank 0 when the job begins, with every step, and then every ten seconds or so; removed when the
/// job ends. The file of a job that was killed stays. Inside a library routine a step is silent.
package struct StepRecord: Codable, Equatable, Sendable {
  /// The stage that the step belongs to, as the commands are called; nil before the first.
  package var stage: String?
  /// The step, for example `spectrum of depth=30/ntk`.
  package var step: String
  /// From 0 to 1; nil where it cannot be known.
  package var fraction: Double?
  /// nil where it cannot be known yet.
  package var secondsLeft: Double?
  /// Rates and counts, for people.
  package var detail: String
  /// Whether the step is but the beginning of the work on a kernel, such as reading it.
  package var isPreparation: Bool
  /// In UTC.
  package var time: String

  /// What is known now.
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

  /// Keeps the record in a run folder. Best effort: no run fails because of it.
  package func write(_ run: RunFolder, disk: Disk = Disk()) {
    guard let bytes = try? JSONText.bytes(self) else { return }
    try? disk.publish(bytes, to: run.progress, flushesFolder: false)
  }

  /// Removes a run's record. Best effort.
  package static func remove(_ run: RunFolder, disk: Disk = Disk()) {
    _ = try? disk.remove(run.progress)
  }

  /// The record of a run and the seconds since it was written; nil where no job is in a long step, or
  /// its file is damaged.
  ///
  /// Errors: files.
  package static func read(
    _ run: RunFolder, disk: Disk = Disk()
  ) throws(FileError) -> (record: StepRecord, age: Double)? {
    let age = try disk.secondsSinceWritten(run.progress)
    guard age.isFinite else { return nil }
    let bytes: [UInt8]
    do {
      bytes = try disk.read(run.progress, limit: 1 << 16)
    } catch {
      // The job has ended since, or the file is none of ours.
      if error.isMissing || error.code == EFBIG { return nil }
      throw error
    }
    return (try? JSONText.value(StepRecord.self, bytes)).map { ($0, max(age, 0)) }
  }
}
