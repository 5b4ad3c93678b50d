import Assembly
import Datasets
import DurableFiles
import Failures
import Foundation
import Jobs
import RecursionCore
import Results

/// The options of `plan`.
public struct PlanRequest {
  /// The job file.
  public var job: String
  /// `key=value` settings that override the job file.
  public var overrides: [String]
  /// The number of MPI ranks.
  public var ranks: Int
  /// The number of ranks per node; nil for the number of cores of a node.
  public var ranksPerNode: Int?
  /// The bytes of memory of a node; nil for the value in the profile.
  public var memory: Int?
  /// Whether to measure this machine and write the profile.
  public var calibrates: Bool
  /// The file of the profile; nil for the user's own profile.
  public var machine: String?
  /// How the plan is printed.
  public var format: Format

  /// How a plan is printed.
  public enum Format: String, CaseIterable, Sendable {
    case text, json, slurm
  }

  /// A request.
  public init(
    job: String, overrides: [String], ranks: Int, ranksPerNode: Int?, memory: Int?,
    calibrates: Bool, machine: String?, format: Format
  ) {
    self.job = job
    self.overrides = overrides
    self.ranks = ranks
    self.ranksPerNode = ranksPerNode
    self.memory = memory
    self.calibrates = calibrates
    self.machine = machine
    self.format = format
  }
}

/// Plans a run, without MPI.
public struct PlanCommand {
  private let request: PlanRequest

  /// The command for a request.
  public init(_ request: PlanRequest) { self.request = request }

  /// Prints the plan.
  ///
  /// Errors: a `Refusal` of kind `resource` if the run is impossible.
  public func perform() throws {
    let job = try Job(contentsOf: request.job, overrides: request.overrides)
    let data = try PlannedData(job, run: RunFolder(job.output))
    let (train, test, shape) = (data.train, data.test, data.shape)
    let assignment = try Assignment(
      job, run: RunFolder(job.output), imageShape: job.network == nil ? nil : shape)
    try assignment.checkCounts(job, train: train, test: test)
    let (machine, tileSeconds, isSaved) = try profile(assignment, train: train, shape: shape)
    let perNode = min(request.ranksPerNode ?? machine.cores, request.ranks)
    let plan = try RunPlan(
      job, assignment, data,
      ranks: request.ranks,
      ranksPerNode: perNode, machine: machine, tileSeconds: tileSeconds, memory: request.memory)
    switch request.format {
    case .json:
      print(String(decoding: try JSONText.bytes(plan), as: UTF8.self), terminator: "")
    case .slurm: print(slurm(plan), terminator: "")
    case .text:
      for line in text(plan) { print(line) }
      for certificate in try ActivationCertificate.all(in: job.variants.flatMap(\.layers)) {
        print(certificate.description)
      }
      if !isSaved { print("measured just now; `--calibrate` keeps the figures") }
    }
    guard plan.obstacles.isEmpty else {
      throw Refusal(.resource, plan.obstacles.joined(separator: "; "))
    }
  }

  private func profile(
    _ assignment: Assignment, train: Int, shape: [Int]
  ) throws -> (MachineProfile, MachineProfile.TileSeconds, isSaved: Bool) {
    let path = request.machine ?? MachineProfile.standardPath
    let stored = try MachineProfile.read(path)
    if request.machine != nil && stored == nil && !request.calibrates {
      throw Refusal(.missingInput, "\(path) does not exist; write it with --calibrate")
    }
    var machine: MachineProfile
    if let stored, !request.calibrates {
      machine = stored
    } else {
      machine = try Calibration.machine()
      machine.tiles = stored?.tiles ?? [:]
    }
    let key = assignment.profileKey(train: train)
    if !request.calibrates, let known = machine.tiles[key] { return (machine, known, true) }
    let seconds = try Calibration.tile(
      assignment, train: train, shape: shape,
      cores: min(machine.cores, ProcessInfo.processInfo.activeProcessorCount))
    machine.tiles[key] = seconds
    if request.calibrates { try machine.write(path) }
    return (machine, seconds, request.calibrates)
  }

  private func text(_ plan: RunPlan) -> [String] {
    func column(_ text: String, _ width: Int) -> String {
      text.padding(toLength: max(width, text.count), withPad: " ", startingAt: 0)
    }
    let names = max(11, 2 + (plan.stages.map(\.name.count).max() ?? 0))
    var lines = [
      "\(plan.train) training and \(plan.test) test \(plan.subjects ?? "images") on \(plan.ranks) "
        + "rank\(plan.ranks == 1 ? "" : "s"), \(plan.ranksPerNode) per node "
        + "(\(plan.nodes) node\(plan.nodes == 1 ? "" : "s"))",
      "store \(gigabytes(plan.storeBytes)) GB on disk in \(plan.storeFiles) files; assembly "
        + String(format: "%.3g core-hours", plan.coreHours)
        + "; process grid \(plan.grid[0]) x \(plan.grid[1]), blocks of \(plan.blockSize)",
      "",
      column("stage", names) + column("time", 16) + column("GB per rank", 13)
        + column("GB per node", 13) + "how",
    ]
    for stage in plan.stages {
      lines.append(
        column(stage.name, names) + column(readable(seconds: stage.seconds), 16)
          + column(gigabytes(stage.bytesPerRank), 13) + column(gigabytes(stage.bytesPerNode), 13)
          + stage.note)
    }
    lines.append(column("in all", names) + readable(seconds: plan.seconds))
    return lines
  }

  /// The template jobs/slurm/whole.sh, filled in with a margin of a third in time and a tenth in memory.
  private func slurm(_ plan: RunPlan) -> String {
    let minutes = Int(min(plan.seconds * 4 / 3 / 60, 1e12).rounded(.up)) + 5
    let bytes = plan.stages.map(\.bytesPerNode).max() ?? 0
    let settings = request.overrides.map { " --set \(Self.quoted($0))" }.joined()
    return """
      #!/bin/bash
      # For the folder of functions.sh and site.sh (jobs/slurm of ntk-dist).
      #SBATCH --job-name=ntk-dist
      #SBATCH --output=%x-%j.log
      #SBATCH --nodes=\(plan.nodes)
      #SBATCH --ntasks=\(plan.ranks)
      #SBATCH --ntasks-per-node=\(plan.ranksPerNode)
      #SBATCH --mem=\(Int((Double(bytes) * 1.1 / 1e6).rounded(.up)))M
      #SBATCH --time=\(minutes / 60):\(String(format: "%02d", minutes % 60)):00
      #SBATCH --signal=B:USR1@120
      source "$SLURM_SUBMIT_DIR/functions.sh"
      launch run \(Self.quoted(request.job))\(settings) --resume

      """
  }

  /// The text quoted as one word for a shell.
  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
