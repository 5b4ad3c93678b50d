import Assembly
import DurableFiles
import Foundation
import Jobs
import Results
import TileSchedule
import TileStore

/// How far a run is, from its folder alone; no MPI.
package struct RunStatus: Encodable {
  /// The run folder.
  package let run: String
  /// What the run does now.
  package let state: State
  /// What writes to the run, with process and host; nil where nothing does.
  package let writer: String?
  /// Seconds since a job last wrote to the run.
  package let silence: Double?
  /// The training and test images, and what was done to them; nil before they were read.
  package var data: Data?
  /// The stages that the job asks for, in order.
  package var stages: [Stage] = []
  /// The long steps that jobs are in now; several where shards run.
  package let steps: [StepRecord]
  /// Pairs of images a second; nil before the first tile.
  package var pairsPerSecond: Double?
  /// Bytes of the tiles that are there.
  package var tileBytes = 0
  /// Bytes that an ordinary user can still write.
  package let freeBytes: Int
  /// Whether the kernels are of images.
  let hasImages: Bool
  /// What was found so far.
  let summary: Summary
  /// nil before the images were read.
  private(set) var tiles: TileCount?

  private enum CodingKeys: String, CodingKey {
    case run, state, writer, silence, data, stages, steps, pairsPerSecond, tileBytes, freeBytes
  }

  /// What a run does.
  package enum State: String, Encodable {
    case active
    /// All stages are done.
    case finished
    /// Nothing writes to it, and there is something left to do.
    case stopped
  }

  /// The images of a run.
  package struct Data: Encodable {
    package let train: Int
    package let test: Int
    package let preprocessing: String
  }

  /// How far a stage is.
  package struct Stage: Encodable {
    /// `assemble`, `spectrum`, `predict`, `train` or `align`, as the commands.
    package let stage: String
    /// Tiles, or kernels of variants.
    package let done: Int
    package let of: Int
    /// From 0 to 1; of the assembly by pairs of images.
    package var fraction: Double
    /// Seconds; nil where nothing tells.
    package var secondsLeft: Double?

    var isDone: Bool { done >= of }

    /// Counts the kernel that is being worked at; the others are taken to be as long.
    mutating func add(_ step: StepRecord) {
      guard let part = step.fraction, !step.isPreparation else { return }
      fraction = min(fraction + part / Double(of), 1)
      guard let left = step.secondsLeft, part < 1 else { return }
      secondsLeft = left + Double(of - done - 1) * left / (1 - part)
    }
  }

  /// Looks at a run.
  ///
  /// Errors: no run in the folder, a damaged one.
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
    // Of a run with all of its results, `clean` may have removed the tiles.
    let results = stages.dropFirst()
    let isCleaned = try !results.isEmpty && !disk.exists(folder.store)
    let isDone = (isCleaned || stages[0].isDone) && results.allSatisfy(\.isDone)
    state = activity.isActive ? .active : isDone ? .finished : .stopped
  }

  /// The stages behind the assembly: kernels with a result, of all.
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
