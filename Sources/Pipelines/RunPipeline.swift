import BLAS
import Datasets
import DistributedAlgebra
import DurableFiles
import Foundation
import Jobs
import MessagePassing
import TileSchedule
import TileStore

/// The stages of a run.
public enum Stage: String, CaseIterable, Sendable {
  case assemble
  case spectrum
  case predict
}

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
  private let request: RunRequest
  private let job: Job
  private let assignment: Assignment
  private let ranks: Ranks
  private let console: Console
  private let run: RunFolder
  private let events: EventLog
  private var summary = Summary()

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
  func perform() throws -> ExitStatus {
    try prepareFolder()
    let data = try DataOutline(DatasetRequest(job.data), on: ranks)
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
    let context = try ranks.together { try BLACSContext(on: ranks.world) }
    if request.stages.contains(.spectrum), job.spectrum != nil {
      try spectra(store, context, imageShape: data.shape)
    }
    if request.stages.contains(.predict) {
      if let section = job.prediction { try predictions(section, store, data, context) }
      if let section = job.training { try training(section, store, data, context) }
      if let section = job.alignment { try alignment(section, store, data, context) }
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
          throw PipelineError(
            .cannotCreate,
            "\(run.path) exists; continue it with --resume, or choose another output folder")
        }
        try disk.createFolder(run.path)
        _ = try disk.removeStaleTemporaries(in: run.path)
      } else if !exists {
        throw PipelineError(
          .missingInput, "\(run.path) does not exist; run `ntk-dist assemble` with this job first")
      }
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
    let assembly = Assembly(
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
      console.warn("\(StopRequest.reason); continue with --resume")
      return .stopped
    }
    return .success
  }

  private func spectra(
    _ store: KernelStore, _ context: BLACSContext, imageShape shape: [Int]
  ) throws {
    let section = job.spectrum ?? SpectrumSection()
    let stage = SpectrumStage(
      run: run, store: store, assignment: assignment, ranks: ranks, context: context,
      console: console, section: section)
    let subjects = assignment.variants.indices.flatMap { variant in
      assignment.kernels.flatMap { kernel in
        (section.centred ? [false, true] : [false]).map {
          SpectrumSubject(assignment, variant: variant, kernel: kernel, isCentred: $0)
        }
      }
    }
    for subject in subjects {
      let known = try isKnown(subject.variant, subject.kernel) {
        request.resume
          && $0[keyPath: subject.place].map {
            $0.eigenvectors == min(stage.vectors(of: subject), $0.n)
              && ($0.precision ?? "f64") == section.precision.rawValue
          } ?? false
      }
      if known {
        try ranks.onRoot {
          guard let before = summary[subject.variant, subject.kernel]?[keyPath: subject.place]
          else { return }
          let now = try stage.completed(before, subject)
          update(subject.variant, subject.kernel) { $0[keyPath: subject.place] = now }
          summary.addTheory(assignment, subject.variant, imageShape: shape)
        }
        continue
      }
      let result = try ranks.together { try stage.perform(subject) }
      try ranks.onRoot {
        update(subject.variant, subject.kernel) { $0[keyPath: subject.place] = result }
        summary.addTheory(assignment, subject.variant, imageShape: shape)
        try summary.write(run)
        try events.add(
          "spectrum",
          [
            "variant": .text(subject.variantName), "kernel": .text(subject.stem),
            "seconds": .number(result.secondsSolving),
          ])
        console.say(ResultLines.line(result, subject.label))
      }
      try stage.state(subject).remove()
    }
    // With what was completed of spectra that were known.
    try ranks.onRoot { try summary.write(run) }
  }

  private func predictions(
    _ section: PredictionSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let stage = PredictionStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks,
      context: context, console: console, section: section)
    var solved = 0
    var failure: String?
    try forEachKernel("prediction", \.prediction) {
      $0.answers(section, data.classes)
    } perform: { variant, kernel in
      try stage.perform(variant: variant, kernel: kernel)
    } report: { result, label in
      solved += result.regularizations.count { $0.failure == nil }
      failure = failure ?? result.regularizations.lazy.compactMap(\.failure).first
      return ResultLines.lines(result, label)
    }
    if solved == 0, let failure {
      try ranks.agree { throw PipelineError(.badData, failure) }
    }
  }

  private func training(
    _ section: TrainingSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let hasEigenvectors = job.spectrum?.vectors == .all
    let stage = TrainingStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks, context: context,
      console: console, hasEigenvectors: hasEigenvectors, section: section)
    try forEachKernel("training", \.training) {
      $0.answers(section, data.classes, hasEigenvectors: hasEigenvectors)
    } perform: { variant, kernel in
      let spectrum = try self.spectrum(variant, kernel)
      if hasEigenvectors {
        try require(spectrum, data.trainCount, variant, kernel, for: "training")
      }
      return try stage.perform(variant: variant, kernel: kernel, spectrum: spectrum?.extent)
    } report: { result, label in
      ResultLines.lines(result, label)
    }
  }

  private func alignment(
    _ section: AlignmentSection, _ store: KernelStore, _ data: DataOutline,
    _ context: BLACSContext
  ) throws {
    let stage = AlignmentStage(
      run: run, store: store, assignment: assignment, data: data, ranks: ranks, context: context,
      console: console, section: section)
    let wanted = min(job.spectrum?.leadingVectors ?? 0, data.trainCount)
    try forEachKernel("alignment", \.alignment) {
      $0.answers(
        section, data.classes, vectors: wanted, kernels: assignment.kernels.count)
    } perform: { variant, kernel in
      let spectrum = try self.spectrum(variant, kernel)
      try require(spectrum, wanted, variant, kernel, for: "alignment")
      var cosine: Double?
      for other in assignment.kernels where ranks.isRoot && other != kernel {
        cosine = self.summary[variant, other]?.alignment?.cosine
      }
      let known = try ranks.world.broadcast([cosine ?? .nan])[0]
      return try stage.perform(
        variant: variant, kernel: kernel, vectors: wanted, cosine: known.isNaN ? nil : known)
    } report: { result, label in
      ResultLines.lines(result, label)
    }
  }

  /// A kernel's spectrum as the summary has it, on all ranks; nil where it has none. Collective.
  private func spectrum(
    _ variant: Int, _ kernel: KernelKind
  ) throws -> (eigenvectors: Int, extent: KernelExtent)? {
    var words: [Double] = []
    if ranks.isRoot, let found = summary[variant, kernel]?.spectrum {
      words = [
        Double(found.eigenvectors), found.trace, max(found.lambdaMin, 0),
        max(found.lambdaMax, found.lambdaMin, 0),
      ]
    }
    words = try ranks.world.broadcast(words)
    guard !words.isEmpty else { return nil }
    return (Int(words[0]), KernelExtent(trace: words[1], range: words[2]...words[3]))
  }

  /// Throws, on all ranks, where a kernel's spectrum is not there with so many eigenvectors. Collective.
  private func require(
    _ spectrum: (eigenvectors: Int, extent: KernelExtent)?, _ count: Int, _ variant: Int,
    _ kernel: KernelKind, for section: String
  ) throws {
    try ranks.agree {
      guard spectrum?.eigenvectors != count else { return }
      throw PipelineError(
        .missingInput,
        "\(section) goes by \(count) eigenvectors of \(assignment.label(variant, kernel)), and the "
          + "run has \(spectrum?.eigenvectors ?? 0); run `ntk-dist spectrum` with this job first")
    }
  }

  /// Performs a stage for every kernel of every variant whose result is not there yet, and tells and
  /// keeps what comes out. Collective.
  private func forEachKernel<Result>(
    _ event: String, _ place: WritableKeyPath<Summary.KernelSummary, Result?>,
    answers: (Result) -> Bool,
    perform: (_ variant: Int, _ kernel: KernelKind) throws -> Result,
    report: (Result, _ label: String) -> [String]
  ) throws {
    for variant in assignment.variants.indices {
      for kernel in assignment.kernels {
        let known = try isKnown(variant, kernel) {
          request.resume && $0[keyPath: place].map(answers) ?? false
        }
        if known { continue }
        let start = MPIEnvironment.seconds
        let result = try ranks.together { try perform(variant, kernel) }
        let lines = report(result, assignment.label(variant, kernel))
        try ranks.onRoot {
          update(variant, kernel) { $0[keyPath: place] = result }
          try summary.write(run)
          try events.add(
            event,
            [
              "variant": .text(assignment.variants[variant].name),
              "kernel": .text(kernel.rawValue),
              "seconds": .number(MPIEnvironment.seconds - start),
            ])
          for line in lines { console.say(line) }
        }
      }
    }
  }

  /// Whether a result is in the summary already, as rank 0 sees it. Collective.
  private func isKnown(
    _ variant: Int, _ kernel: KernelKind, _ test: (Summary.KernelSummary) -> Bool
  ) throws -> Bool {
    let known = ranks.isRoot && summary[variant, kernel].map(test) ?? false
    return try ranks.world.broadcast([known ? UInt8(1) : 0])[0] == 1
  }

  private func update(
    _ variant: Int, _ kernel: KernelKind, _ change: (inout Summary.KernelSummary) -> Void
  ) {
    var value = summary[variant, kernel] ?? Summary.KernelSummary()
    change(&value)
    summary[variant, kernel] = value
  }
}
