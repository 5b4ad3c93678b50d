import ArgumentParser
import Pipelines
import RankProgram
import Report

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a run's figures as a page.",
    discussion: """
      Writes RUN/report/index.html, also while the run is active. gnuplot draws the figures; without \
      it, their data and scripts are written.
      """)
  @Argument(
    help: ArgumentHelp("The run folder, or the job file whose output it is.", valueName: "run"))
  var path: String
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a key of the job file.", valueName: "key=value"))
  var overrides: [String] = []

  func run() throws {
    let status = Entry.alone(usesCore: false) {
      let outcome = try ReportCommand(path, overrides: overrides).write()
      for line in outcome.lines { print(line) }
      let console = Console(isOpen: true, progress: .none)
      for warning in outcome.warnings { console.warn(warning) }
      return .success
    }
    throw ExitCode(status.rawValue)
  }
}
