import ArgumentParser
import Pipelines
import Planning

extension PlanRequest.Format: ExpressibleByArgument {}

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Estimate the time, memory and disk of a run; print a job script.",
    discussion: "The exit status is 69 if the run cannot fit.")
  @Argument(help: "The job file.")
  var job: String
  @Option(help: "The number of MPI ranks.")
  var ranks: Int
  @Option(help: "The number of ranks on each node; one per core of this machine if not given.")
  var ranksPerNode: Int?
  @Option(help: "The memory of a node in GB; this machine's if not given.")
  var memory: Double?
  @Flag(help: "Measure this machine with the job's network, and keep the figures for later plans.")
  var calibrate = false
  @Option(
    help: ArgumentHelp(
      "A file of a machine's figures, as --calibrate writes it.", valueName: "file"))
  var machine: String?
  @Option(help: "The format of the output: text, json, or slurm for a job script.")
  var format = PlanRequest.Format.text
  @Flag(help: "The same as --format slurm.")
  var slurm = false
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a key of the job.", valueName: "key=value"))
  var overrides: [String] = []

  func validate() throws {
    guard (1...1_000_000).contains(ranks), (1...1_000_000).contains(ranksPerNode ?? 1) else {
      throw ValidationError("--ranks and --ranks-per-node must be from 1 to 1,000,000.")
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
