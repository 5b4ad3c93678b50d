import ArgumentParser
import Jobs
import Pipelines
import RankProgram
import TileSchedule

extension Console.Progress: ExpressibleByArgument {}

extension Shard: ExpressibleByArgument {
  /// Reads a text such as `3/16`; nil if it is not a valid part.
  public init?(argument: String) {
    do { try self.init(parsing: argument) } catch { return nil }
  }
}

/// The common options of the commands that work on a job.
struct JobOptions: ParsableArguments {
  @Argument(help: "The job file (YAML or JSON).")
  var job: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a key of the job.", valueName: "key=value"))
  var overrides: [String] = []

  @Flag(help: "Continue the run in the output folder, or start it.")
  var resume = false

  @Option(help: "How progress is shown: bar, lines, none, auto.")
  var progress = Console.Progress.auto

  @Option(
    name: .customLong("time-limit"),
    help: ArgumentHelp(
      "Save and stop before this much time has passed: seconds, or H:MM:SS.",
      valueName: "time"))
  var timeLimit: TimeLimit?

  @Option(
    help: ArgumentHelp(
      "End the run if a rank gives no sign of life for so long; 0 turns this off.",
      valueName: "seconds"))
  var watchdog = 120.0

  func validate() throws {
    guard watchdog == 0 || (1...1e6).contains(watchdog) else {
      throw ValidationError("--watchdog must be from 1 to 1,000,000 seconds, or 0.")
    }
  }

  func run(_ stages: [Stage], shard: Shard = .whole, follows: Bool = false) throws {
    let status = Entry.run(
      RunRequest(
        job: job, overrides: overrides, stages: stages, resume: resume, follows: follows,
        shard: shard, watchdog: watchdog, timeLimit: timeLimit?.seconds,
        progress: progress))
    throw ExitCode(status.rawValue)
  }
}

/// The option of the commands that form kernels of features.
struct FollowOption: ParsableArguments {
  @Flag(help: "Wait for the chunks of the job's features while another program writes them.")
  var follow = false
}

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Do all that the job asks for: kernels, spectra, predictions, and so on; then the report.")
  @OptionGroup var options: JobOptions
  @OptionGroup var following: FollowOption
  func run() throws { try options.run(Stage.allCases, follows: following.follow) }
}

struct Assemble: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute the kernels into the store of the run folder.")
  @OptionGroup var options: JobOptions

  @Option(
    help: ArgumentHelp(
      "Compute part k of K, where K jobs share the work on one store.", valueName: "k/K"))
  var shard = Shard.whole

  @OptionGroup var following: FollowOption

  func run() throws { try options.run([.assemble], shard: shard, follows: following.follow) }
}

struct Spectrum: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute the spectra of assembled kernels.")
  @OptionGroup var options: JobOptions
  func run() throws { try options.run([.spectrum]) }
}

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predict the test images by regression with assembled kernels.")
  @OptionGroup var options: JobOptions
  func run() throws { try options.run([.predict]) }
}

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train in function space with assembled kernels.")
  @OptionGroup var options: JobOptions
  func run() throws { try options.run([.train]) }
}

struct Align: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute how the targets align with the eigenvectors of assembled kernels.")
  @OptionGroup var options: JobOptions
  func run() throws { try options.run([.align]) }
}
