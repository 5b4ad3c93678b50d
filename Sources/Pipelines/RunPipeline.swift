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
import Solve
import TileSchedule
import TileStore

/// Takes a job through its stages, over all ranks of the program.
final class RunPipeline {
  let request: RunRequest
  let job: Job
  let assignment: Assignment
  let ranks: Ranks
  let console: Console
  let run: RunFolder
  let events: EventLog
  let summary: RunSummary
  /// The data, if they are known before the run folder exists.
  private let outline: DataOutline?

  init(_ request: RunRequest, ranks: Ranks) throws {
    self.request = request
    self.ranks = ranks
    job = try ranks.agree { try Job(contentsOf: request.job, overrides: request.overrides) }
    let run = RunFolder(job.output, shard: request.shard)
    self.run = run
    console = Console(isOpen: ranks.isRoot, progress: request.progress)
    events = EventLog(run, isOpen: ranks.isRoot)
    console.onStep = { $0.write(run) }
    let job = self.job
    try Self.requireChunksToFollow(job, request)
    assignment = try ranks.agree { try Assignment(job, run: run) }
    try Self.requireFolder(run, request, ranks: ranks)
    // A refused job leaves no folder behind, so that the corrected job can take its name. Features
    // that a producer still writes have no chunk to look at yet.
    outline =
      try Self.isStream(assignment)
      ? nil : Self.checkedOutline(job, assignment, request, run, ranks)
    try Self.prepareFolder(run, request, ranks: ranks)
    summary = try RunSummary(of: run, command: request.command, ranks: ranks, console: console)
    // This replaces the record of a job that was killed.
    if ranks.isRoot { StepRecord(step: "reading the images").write(run) }
  }

  /// Runs the stages. Collective. Returns the exit status of the program.
  func perform() throws -> ExitStatus {
    defer {
      if ranks.isRoot { StepRecord.remove(run) }
      summary.close()
    }
    try waitForFirstChunk()
    let data = try outline ?? Self.checkedOutline(job, assignment, request, run, ranks)
    if request.stages.contains(.assemble) {
      console.stage = Stage.assemble.rawValue
      let status = try assemble(data)
      guard status == .success else { return status }
    }
    let store = try ranks.agree { try KernelStore.open(assignment, data) }
    if !request.stages.contains(.assemble) {
      // The later stages must not read kernels of another network or of other images.
      let digest = try TileInput.digest(assignment, data, on: ranks)
      try ranks.onRoot { try store.check(assignment, data, digest: digest) }
      try record(data, digest: nil)
    }
    OpenBLAS.setThreads(Ranks.solverThreads)
    let setting = StageSetting(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks,
      context: try BLACSContext(on: ranks.world), console: console)
    for stage in request.stages {
      console.stage = stage.rawValue
      switch stage {
      case .assemble: break
      case .spectrum:
        try job.spectrum.map { try spectra($0, setting) }
        try job.generalizationRequest.map { try generalization($0, setting) }
        try job.density.map { try densities($0, setting) }
      case .predict: try job.prediction.map { try predictions($0, setting) }
      case .train: try job.training.map { try training($0, setting) }
      case .align: try job.alignment.map { try alignment($0, setting) }
      }
    }
    try ranks.onRoot {
      try events.add("finished")
      if request.stages == Stage.allCases { report() }
      console.say("results in \(run.path)")
    }
    return .success
  }

  /// Whether a producer writes the features while the run goes on.
  private static func isStream(_ assignment: Assignment) -> Bool {
    if case .features(let work) = assignment.origin { work.isStream } else { false }
  }

  /// Looks at the data of a job, and throws if the job does not suit them or the machine. Collective.
  private static func checkedOutline(
    _ job: Job, _ assignment: Assignment, _ request: RunRequest, _ run: RunFolder, _ ranks: Ranks
  ) throws -> DataOutline {
    let data = try DataOutline(job, run: run, on: ranks)
    try ranks.agree {
      try requireSections(of: job, request)
      try assignment.check(data, job: job)
    }
    try RunRequirements(ranks: ranks).requireSolvers(
      of: job, order: data.trainCount, classes: data.classes,
      tile: assignment.tile(train: data.trainCount), stages: request.stages)
    return data
  }

  /// Whether the job asks for the results of a stage.
  func asks(for stage: Stage) -> Bool { Self.isAsked(for: stage, by: job) }

  private static func isAsked(for stage: Stage, by job: Job) -> Bool {
    switch stage {
    case .assemble: true
    case .spectrum: job.spectrum != nil || job.density != nil
    case .predict: job.prediction != nil
    case .train: job.training != nil
    case .align: job.alignment != nil
    }
  }

  /// Throws if a command for one stage gets a job that does not ask for this stage.
  private static func requireSections(of job: Job, _ request: RunRequest) throws {
    let names: [Stage: String] = [
      .spectrum: "spectrum", .predict: "prediction", .train: "training", .align: "alignment",
    ]
    guard request.stages.count == 1, let name = names[request.stages[0]],
      !isAsked(for: request.stages[0], by: job)
    else { return }
    throw Refusal(
      .badJob, "\(request.job) has no section \(name); add one, see `ntk-dist help job`")
  }

  /// Writes the figures. A run does not fail if they cannot be written. Local, on rank 0.
  private func report() {
    do {
      let outcome = try ReportCommand(run: run).write()
      for line in outcome.lines { console.say(line) }
      for warning in outcome.warnings { console.warn(warning) }
    } catch {
      console.warn("no report: \(error); `ntk-dist report \(run.path)` tries again")
    }
  }

  /// Throws if the run folder must not be written, or is missing although the request does not include the assembly.
  /// Collective.
  private static func requireFolder(
    _ run: RunFolder, _ request: RunRequest, ranks: Ranks
  ) throws {
    try ranks.onRoot {
      let exists = try Disk().exists(run.path)
      guard request.stages.contains(.assemble) else {
        guard !exists else { return try run.requireRun() }
        throw Refusal(
          .missingInput, "\(run.path) does not exist; run `ntk-dist assemble` with this job first")
      }
      // Jobs of shards may find a folder that another shard has created.
      if exists && !request.resume && run.shard == .whole {
        throw Refusal(
          .cannotCreate,
          "\(run.path) exists; continue it with --resume, or choose another output folder")
      }
    }
  }

  /// Creates the run folder if the request includes the assembly. Collective.
  private static func prepareFolder(
    _ run: RunFolder, _ request: RunRequest, ranks: Ranks
  ) throws {
    guard request.stages.contains(.assemble) else { return }
    try ranks.onRoot {
      let disk = Disk()
      try run.claim()
      try disk.createFolder(run.own)
      try disk.removeStaleTemporaries(in: run.path, recursively: true)
    }
  }
}
