import Assembly
import DurableFiles
import Foundation
import Jobs
import Results
import TileSchedule
import TileStore

/// The progress of a run, read from its folder alone; needs no MPI.
package struct RunStatus: Encodable {
  /// The run folder.
  package let run: String
  /// The present state of the run.
  package let state: State
  /// The process that writes to the run, with its number and host; nil if nothing writes.
  package let writer: String?
  /// Seconds since a job last wrote to the run.
  package let silence: Double?
  /// The training and test images and their preprocessing; nil before they were read.
  package var data: Data?
  /// The stages that the job asks for, in order.
  package var stages: [Stage] = []
  /// The long steps that jobs are in now; several if shards run.
  package let steps: [StepRecord]
  /// Pairs of images per second; nil before the first tile.
  package var pairsPerSecond: Double?
  /// The size in bytes of the tiles that exist.
  package var tileBytes = 0
  /// The bytes that an ordinary user can still write.
  package let freeBytes: Int
  /// Whether the kernels come from images.
  let hasImages: Bool
  /// The results so far.
  let summary: Summary
  /// The count of the tiles; nil before the images were read.
  private(set) var tiles: TileCount?

  private enum CodingKeys: String, CodingKey {
    case run, state, writer, silence, data, stages, steps, pairsPerSecond, tileBytes, freeBytes
  }

  /// The state of a run.
  package enum State: String, Encodable {
    case active
    /// All stages are done.
    case finished
    /// Nothing writes to the run, and it is not finished.
    case stopped
  }

  /// The images of a run.
  package struct Data: Encodable {
    package let train: Int
    package let test: Int
    package let preprocessing: String
  }

  /// The progress of a stage.
  package struct Stage: Encodable {
    /// The name of the stage: `assemble`, `spectrum`, `predict`, `train` or `align`, as for the commands.
    package let stage: String
    /// The number of finished tiles, or of kernels of variants.
    package let done: Int
    package let of: Int
    /// The finished fraction, from 0 to 1. For the assembly it counts pairs of images.
    package var fraction: Double
    /// The seconds left; nil if they cannot be estimated.
    package var secondsLeft: Double?

    var isDone: Bool { done >= of }

    /// Adds the kernel that is being computed now. The other kernels are assumed to take the same time.
    mutating func add(_ step: StepRecord) {
      guard let part = step.fraction, !step.isPreparation else { return }
      fraction = min(fraction + part / Double(of), 1)
      guard let left = step.secondsLeft, part < 1 else { return }
      secondsLeft = left + Double(of - done - 1) * left / (1 - part)
    }
  }

  /// Looks at a run.
  ///
  /// Errors: a folder without a run, a damaged run.
  package init(of folder: RunFolder) throws {
    let disk = Disk()
    let job = try Job(of: folder)
    hasImages = job.network != nil
    summary = try Summary.read(folder)
    let activity = try RunActivity(of: folder, disk: disk)
    run = folder.path
    writer = activity.writer
    silence = activity.silence
    steps = activity.steps.map(\.record)
    freeBytes = try disk.freeBytes(at: folder.path)
    if let found = summary.data {
      data = Data(train: found.train, test: found.test, preprocessing: found.preprocessing)
      let assignment = try Assignment(job, run: folder, imageShape: found.shape)
      let tiles = try TileCount(assignment, train: found.train, test: found.test)
      self.tiles = tiles
      tileBytes = tiles.bytes
      pairsPerSecond = tiles.pace.rate
      stages.append(tiles.stage)
    } else {
      stages.append(Stage(stage: "assemble", done: 0, of: 1, fraction: 0))
    }
    stages += Self.solveStages(job, summary)
    for step in steps {
      let index = stages.firstIndex { $0.stage == step.stage && !$0.isDone }
      if let index, index > 0 { stages[index].add(step) }
    }
    // If a run has all of its results, `clean` may have removed the tiles.
    let results = stages.dropFirst()
    let isCleaned = try !results.isEmpty && !disk.exists(folder.store)
    let isDone = (isCleaned || stages[0].isDone) && results.allSatisfy(\.isDone)
    state = activity.isActive ? .active : isDone ? .finished : .stopped
  }

  /// The stages after the assembly. Each counts the kernels that have a result, out of all kernels.
  private static func solveStages(_ job: Job, _ summary: Summary) -> [Stage] {
    let kernels = summary.variants.flatMap { variant in job.kernels.map { variant[$0] } }
    let total = job.variants.count * job.kernels.count
    func stage(_ name: String, _ isAsked: Bool, _ isThere: (Summary.KernelSummary) -> Bool)
      -> Stage?
    {
      guard isAsked else { return nil }
      let done = kernels.count { $0.map(isThere) ?? false }
      return Stage(
        stage: name, done: done, of: total, fraction: Double(done) / Double(max(total, 1)))
    }
    return [
      stage("spectrum", job.spectrum != nil || job.density != nil) {
        (job.spectrum == nil || $0.spectrum != nil) && (job.density == nil || $0.density != nil)
      },
      stage("predict", job.prediction != nil) { $0.prediction != nil },
      stage("train", job.training != nil) { $0.training != nil },
      stage("align", job.alignment != nil) { $0.alignment != nil },
    ].compactMap { $0 }
  }
}
