import ArgumentParser
import Pipelines
import SelfTest

struct SelfTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selftest",
    abstract: "Try what a run needs of a cluster: MPI, the file system, the processors.",
    discussion: """
      Start it under mpirun or srun as a run, on a new cluster or when runs are slow. It takes less than a \
      minute. The exit status is 69 if anything is bad.
      """)
  @Argument(help: ArgumentHelp("A folder where results shall lie.", valueName: "dir"))
  var folder: String
  @Flag(help: "Show the figures of every node.")
  var nodes = false

  func run() throws {
    throw ExitCode(
      Entry.selfTest(SelfTestRequest(folder: folder, showsNodes: nodes)).rawValue)
  }
}
