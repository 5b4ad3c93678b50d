import ArgumentParser
import Pipelines

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a run's progress, also while it is active.")
  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"))
  var folder: String

  func run() throws {
    let status = Entry.alone {
      for line in try StatusCommand(folder).lines() { print(line) }
      return .success
    }
    throw ExitCode(status.rawValue)
  }
}

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the checksums of all tiles, and compute a random sample of them again.")
  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"))
  var folder: String
  @Option(help: "How many tiles to compute again.")
  var sample = 8

  func validate() throws {
    guard sample >= 0 else { throw ValidationError("--sample must not be negative.") }
  }

  func run() throws {
    throw ExitCode(Entry.verify(VerifyRequest(run: folder, sample: sample)).rawValue)
  }
}
