import ArgumentParser
import Pipelines
import Planning

extension PlanRequest.Format: ExpressibleByArgument {}

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a run will take: tiles, time, memory, disk; needs no MPI.",
    discussion: "Refuses, with exit status 69, what cannot fit.")
  @Argument(help: "The job file.")
  var job: String
  @Option(help: "MPI ranks.")
  var ranks: Int
  @Option(help: "Ranks on each node; one per core if not given.")
  var ranksPerNode: Int?
  @Option(help: "Memory of a node in GB; this machine's if not given.")
  var memory: Double?
  @Flag(help: "Measure this machine with the job's network, and keep the figures.")
  var calibrate = false
  @Option(help: ArgumentHelp("A machine's figures, as --calibrate writes them.", valueName: "file"))
  var machine: String?
  @Option(help: "text, json or slurm (a job script).")
  var format = PlanRequest.Format.text
  @Flag(help: "The same as --format slurm.")
  var slurm = false
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a key of the job.", valueName: "key=value"))
  var overrides: [String] = []

  func validate() throws {
    guard ranks > 0 && (ranksPerNode ?? 1) > 0 else {
      throw ValidationError("--ranks and --ranks-per-node must be 1 or more.")
    }
    guard memory.map({ $0 > 0 && $0 < 1e9 }) ?? true else {
      throw ValidationError("--memory must be a number of GB above 0.")
    }
  }

  func run() throws {
    let request = PlanRequest(
      job: job, overrides: overrides, ranks: ranks, ranksPerNode: ranksPerNode,
      memory: memory.map { Int($0 * 1e9) }, calibrates: calibrate, machine: machine,
      format: slurm ? .slurm : format)
    let status = Entry.alone {
      try PlanCommand(request).perform()
      return .success
    }
    throw ExitCode(status.rawValue)
  }
}
