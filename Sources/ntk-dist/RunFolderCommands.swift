import ArgumentParser
import Foundation
import Pipelines
import RankProgram
import Results

/// The format in which a command shows its results.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
}

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a run's progress, also while it is active.")
  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"))
  var folder: String
  @Option(help: "text, or json for other programs.")
  var format = OutputFormat.text
  @Flag(help: "Show it again every two seconds or so until the run ends.")
  var watch = false

  func run() throws {
    let status = Entry.alone {
      while true {
        let start = ContinuousClock.now
        let isActive = try show()
        guard watch, isActive else { return .success }
        // Looking at a store with many files takes long, and the file system has other work to do.
        let took = (ContinuousClock.now - start) / .seconds(1)
        Thread.sleep(forTimeInterval: max(2, 10 * took))
      }
    }
    throw ExitCode(status.rawValue)
  }

  /// Prints the status. Returns whether a job works on the run.
  private func show() throws -> Bool {
    let command = StatusCommand(folder)
    let text: String
    let isActive: Bool
    switch format {
    case .json: (text, isActive) = try command.json()
    case .text:
      let found = try command.lines()
      (text, isActive) = (found.lines.joined(separator: "\n") + "\n", found.isActive)
    }
    let isTerminal = isatty(STDOUT_FILENO) != 0
    // On a terminal, the new status replaces the old one.
    StandardStream.output.write((watch && isTerminal ? "\u{1B}[H\u{1B}[2J" : "") + text)
    return isActive
  }
}

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the runs under a folder, with their state and progress.")
  @Argument(help: ArgumentHelp("The folder.", valueName: "folder"))
  var folder = "."
  @Option(help: "text, or json for other programs.")
  var format = OutputFormat.text

  func run() throws {
    let status = Entry.alone {
      let list = RunList(folder)
      switch format {
      case .json: StandardStream.output.write(try list.json())
      case .text: StandardStream.output.write(try list.table().joined(separator: "\n") + "\n")
      }
      return .success
    }
    throw ExitCode(status.rawValue)
  }
}

struct Clean: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove from a run what can be computed again, after asking.",
    discussion: """
      Removes the kernels' tiles, which take nearly all of the space, and the states of interrupted \
      solvers. The job, the summary, eigenvalues, predictions and the report stay. A run that a job \
      is writing to is left alone.
      """)
  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"))
  var folder: String
  @Flag(help: "Remove the states of interrupted solvers only.")
  var keepKernels = false
  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  func run() throws {
    let status = Entry.alone(usesCore: false) {
      let cleaning = RunCleaning(folder, keepsKernels: keepKernels)
      let items = try cleaning.items()
      guard !items.isEmpty else {
        StandardStream.output.write("nothing to remove\n")
        return .success
      }
      let lines = items.map { $0.line + "\n" }.joined()
      StandardStream.output.write(lines)
      guard yes || isConfirmed() else {
        StandardStream.output.write("nothing was removed; answer y, or use --yes\n")
        return .success
      }
      try cleaning.remove(items) { StandardStream.error.write($0 + "\n") }
      StandardStream.output.write(
        "removed \(readable(bytes: items.reduce(0) { $0 + $1.bytes }))\n")
      return .success
    }
    throw ExitCode(status.rawValue)
  }

  private func isConfirmed() -> Bool {
    StandardStream.output.write("Remove all this? [y/N] ")
    let answer = readLine()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
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
