import ArgumentParser
import Jobs

/// `ntk-dist help`: the help for a command, as ArgumentParser prints it, or the reference of a job's keys.
struct Help: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show help on a command, or on the keys of a job: help job [SECTION].",
    shouldDisplay: false)
  @Argument(help: "A command; or `job`, and a section of a job such as `spectrum`.")
  var subjects: [String] = []

  func run() throws {
    guard let subject = subjects.first else { throw CleanExit.helpRequest(NTKDist.self) }
    if subject == "job" {
      guard subjects.count <= 2 else { throw ValidationError("Name one section of a job.") }
      print(try Self.reference(subjects.dropFirst().first), terminator: "")
      return
    }
    let command = try Self.command(subject)
    guard subjects.count == 1 else { throw ValidationError("Name one command.") }
    throw CleanExit.helpRequest(command)
  }

  /// The command with this name. Errors: a sentence that lists all commands.
  @discardableResult
  static func command(_ name: String) throws -> any ParsableCommand.Type {
    let commands = NTKDist.configuration.subcommands
    guard let command = commands.first(where: { $0._commandName == name }) else {
      throw ValidationError(
        "There is no command '\(name)'. The commands are "
          + commands.map { $0._commandName }.filter { $0 != "help" }.joined(separator: ", ")
          + "; `help job` explains the keys of a job.")
    }
    return command
  }

  private static func reference(_ section: String?) throws -> String {
    guard let section else { return JobReference.text }
    guard let text = JobReference.text(of: section) else {
      throw ValidationError(
        "A job has no section '\(section)'. The sections are "
          + JobReference.names.joined(separator: ", ") + ".")
    }
    return text
  }
}
