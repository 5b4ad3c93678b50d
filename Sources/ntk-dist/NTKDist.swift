import ArgumentParser
import Foundation
import Pipelines
import RankProgram

/// The program.
@main
struct NTKDist: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ntk-dist",
    abstract: "Infinite-width kernels (NNGP and NTK) of whole data sets over MPI ranks.",
    discussion: """
      It runs on one rank, or on many under mpirun or srun. A job file says what to compute: \
      `ntk-dist help job` explains its keys, and jobs/ has examples. `ntk-dist --version --verbose` \
      names all libraries.
      """,
    version: VersionText.text,
    subcommands: [
      Run.self, Assemble.self, Spectrum.self, Predict.self, Train.self, Align.self, Plan.self,
      Phase.self, Report.self, Compare.self,
      Status.self, List.self, Clean.self, Verify.self,
      Kernel.self, NetworkCommand.self, SelfTestCommand.self, Help.self,
    ])

  static func main() {
    BLASKernels.choose()
    do {
      let arguments = Array(commandLineArguments.dropFirst())
      if arguments.sorted() == ["--verbose", "--version"] {
        print(VersionText.verbose)
        return
      }
      // Check the command here, because the parser would call an unknown command an unexpected argument.
      if let name = arguments.first, !name.hasPrefix("-") { try Help.command(name) }
      var command = try parseAsRoot(arguments)
      try command.run()
    } catch {
      // Every rank parses the same arguments, so only one of them prints the error.
      let code = exitCode(for: error)
      guard LaunchedRank.isFirst else { Foundation.exit(code.rawValue) }
      exit(withError: error)
    }
  }
}
