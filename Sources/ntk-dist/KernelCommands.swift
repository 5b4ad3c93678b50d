import ArgumentParser
import Jobs
import Pipelines
import RecursionCore

extension Precision: ExpressibleByArgument {}

struct Kernel: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute the kernels of NumPy arrays into OUTPUT/nngp.npy and OUTPUT/ntk.npy.")
  @Argument(help: "A file with `network`, for example a job file.")
  var network: String
  @Option(help: "The images of the rows, a .npy file [N, H, W, C] or [N, D].")
  var rows: String
  @Option(help: "The images of the columns; those of the rows if not given.")
  var columns: String?
  @Option(help: "The folder of the results.")
  var output: String
  @Option(help: "The arithmetic: f64 or f32.")
  var precision = Precision.f64
  @Flag(help: "Replace results that exist.")
  var force = false

  func run() throws {
    let request = KernelRequest(
      network: network, rows: rows, columns: columns, output: output, precision: precision,
      overwrites: force)
    throw ExitCode(Entry.kernel(request).rawValue)
  }
}

struct NetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network", abstract: "Print a job's network with presets expanded.")
  @Argument(help: "The job file.")
  var job: String
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a key of the job.", valueName: "key=value"))
  var overrides: [String] = []

  func run() throws {
    let status = Entry.alone {
      print(try NetworkListing(job, overrides: overrides).text, terminator: "")
      return .success
    }
    throw ExitCode(status.rawValue)
  }
}
