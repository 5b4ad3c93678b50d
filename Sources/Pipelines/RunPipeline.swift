import Assembly
import BLAS
import DistributedAlgebra
import DurableFiles
import Failures
import Foundation
import Jobs
import MessagePassing
import RankProgram
import Report
import Results
import TileSchedule
import TileStore

/// What a user asked for on the command line.
public struct RunRequest {
  /// The job file.
  public var job: String
  /// `key=value` settings that override it.
  public var overrides: [String]
  /// The stages to go through.
  public var stages: [Stage]
  /// Whether a run folder that exists is continued.
  public var resume: Bool
  /// The part of the tiles that this job computes, of several jobs on one store.
  public var shard: Shard
  /// Seconds after which a rank that is silent ends the program; 0 for never.
  public var watchdog: Double
  /// Seconds before which the program stops by itself.
  public var timeLimit: Double?
  /// How progress is shown.
  public var progress: Console.Progress

  /// A request.
  public init(
    job: String, overrides: [String], stages: [Stage], resume: Bool, shard: Shard, watchdog: Double,
    timeLimit: Double?, progress: Console.Progress
  ) {
    self.job = job
    self.overrides = overrides
    self.stages = stages
    self.resume = resume
    self.shard = shard
    self.watchdog = watchdog
    self.timeLimit = timeLimit
    self.progress = progress
  }
}

/// Takes a job through its stages, over all ranks of a program.
final class RunPipeline {
  package let request: RunRequest
  package let job: Job
  package let assignment: Assignment
  package let ranks: Ranks
  package let console: Console
  package let run: RunFolder
  package let events: EventLog
  package var summary = Summary()

  init(_ request: RunRequest, ranks: Ranks) throws {
    self.request = request
    self.ranks = ranks
    job = try ranks.agree { try Job(contentsOf: request.job, overrides: request.overrides) }
    let run = RunFolder(job.output, shard: request.shard)
    self.run = run
    console = Console(isOpen: ranks.isRoot, progress: request.progress)
    events = EventLog(run, isOpen: ranks.isRoot)
    let job = self.job
    assignment = try ranks.agree { try Assignment(job, run: run) }
  }

  /// Runs the stages. Collective. Returns how the program ends.
  package func perform() throws -> ExitStatus {
    try prepareFolder()
    let data = try DataOutline(job.data, on: ranks)
    try ranks.agree { try assignment.check(data, job: job) }
    try RunRequirements(ranks: ranks).requireSolvers(
      of: job, order: data.trainCount, stages: request.stages)
    if request.stages.contains(.assemble) {
      let status = try assemble(data)
      guard status == .success else { return status }
    } else {
      // The later stages must not read kernels of another network or other images.
      try ranks.onRoot { try KernelStore.check(assignment, data) }
      try record(data, imageDigest: nil)
    }
    let store = try ranks.agree { try KernelStore.open(assignment, data) }
    OpenBLAS.setThreads(Ranks.solverThreads)
    let context = try BLACSContext(on: ranks.world)
    if request.stages.contains(.spectrum), job.spectrum != nil {
      try spectra(store, context, imageShape: data.shape)
    }
    if request.stages.contains(.predict), let section = job.prediction {
      try predictions(section, store, data, context)
    }
    if request.stages.contains(.train), let section = job.training {
      try training(section, store, data, context)
    }
    if request.stages.contains(.align), let section = job.alignment {
      try alignment(section, store, data, context)
    }
    try ranks.onRoot {
      try events.add("finished")
      if request.stages == Stage.allCases { report() }
      console.say("results in \(run.path)")
    }
    return .success
  }

  /// Writes the figures; a run does not fail for want of them. Local, on rank 0.
  private func report() {
    do {
      let outcome = try ReportCommand(run: run).write()
      for line in outcome.lines { console.say(line) }
      for warning in outcome.warnings { console.warn(warning) }
    } catch {
      console.warn("no report: \(error); `ntk-dist report \(run.path)` tries again")
    }
  }

  private func prepareFolder() throws {
    try ranks.onRoot {
      let disk = Disk()
      let exists = try disk.exists(run.path)
      if request.stages.contains(.assemble) {
        // The jobs of shards find each other's folder.
        if exists && !request.resume && run.shard == .whole {
          throw Refusal(
            .cannotCreate,
            "\(run.path) exists; continue it with --resume, or choose another output folder")
        }
        try run.claim()
      } else if !exists {
        throw Refusal(
          .missingInput, "\(run.path) does not exist; run `ntk-dist assemble` with this job first")
      } else {
        try run.requireRun()
      }
      // The assembly looks after the store itself.
      try disk.removeStaleTemporaries(below: run.path, skipping: ["kernels.zarr"])
      summary = try Summary.read(run)
    }
  }

  private func record(_ data: DataOutline, imageDigest: UInt64?) throws {
    let environment = try EnvironmentRecord.gather(ranks)
    try ranks.onRoot {
      try Disk().createFolder(run.own)
      if request.stages.contains(.assemble) {
        try Disk().publish(job.resolvedYAML(), to: run.job)
      }
      try environment?.write(run)
      try events.add(
        "started",
        [
          "stages": .text(request.stages.map(\.rawValue).joined(separator: " ")),
          "ranks": .integer(ranks.count),
        ])
      summary.data = Summary.DataSummary(
        train: data.trainCount, test: data.testCount, classes: data.classes, shape: data.shape,
        preprocessing: assignment.preprocessing,
        digest: imageDigest.map { String($0, radix: 16) } ?? summary.data?.digest ?? "")
      let old = summary.variants
      summary.variants = assignment.variants.map { variant in
        let before = old.first { $0.name == variant.name && $0.network == variant.text }
        return before
          ?? Summary.VariantSummary(name: variant.name, network: variant.text)
      }
      // A shard leaves it to the job that has the results, but a run that goes on must be known.
      if try run.shard == .whole || !Disk().exists(run.summary) { try summary.write(run) }
    }
  }

  private func assemble(_ data: DataOutline) throws -> ExitStatus {
    let tilesFit = { [assignment, ranks] in
      try assignment.checkMemory(
        train: data.trainCount, ranks: ranks.node.size,
        memory: NodeMemory.available - SharedImages.bytes(data))
    }
    try ranks.agree(tilesFit)
    let images = try SharedImages(data, on: ranks)
    // A folder of another job is refused here, before anything in it is touched.
    try ranks.onRoot { _ = try KernelStore.create(assignment, images: images) }
    // Written before the first tile, so that a run that dies can still be looked at.
    try record(data, imageDigest: images.digest)
    let store = try ranks.agree { try KernelStore.open(assignment, data) }
    let assembly = AssemblyStage(
      assignment, store: store, images: images, ranks: ranks, console: console, events: events)
    let outcome = try assembly.run()
    // The memory is the solvers' from here on.
    try images.release()
    if outcome.computed > 0 || summary.assembly == nil {
      summary.assembly = Summary.AssemblySummary(
        tiles: outcome.total, tilesComputed: outcome.computed, tilesRepaired: outcome.repaired,
        pairsComputed: outcome.entries, seconds: outcome.seconds, ranks: ranks.count)
    }
    try ranks.onRoot {
      if run.shard == .whole { try summary.write(run) }
      try events.add(
        outcome.isComplete ? "assembled" : "stopped",
        [
          "tiles": .integer(outcome.computed), "seconds": .number(outcome.seconds),
          "repaired": .integer(outcome.repaired),
        ])
      console.say(
        "assembled \(outcome.computed) of \(outcome.total) tiles in "
          + readable(seconds: outcome.seconds)
          + (outcome.computed < outcome.total && outcome.isComplete
            ? " (the others were there)" : ""))
    }
    guard outcome.isComplete else {
      console.warn("\(StopRequest.reason)\(ranks.continuation)")
      return .stopped
    }
    return .success
  }
}
