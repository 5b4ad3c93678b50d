import ArgumentParser
import Comparison
import Jobs
import Pipelines

extension KernelKind: ExpressibleByArgument {}

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare the kernels, eigenvectors and results of runs.",
    discussion: """
      Writes a page with tables and figures, and comparison.json. The runs must be of the same number of \
      training images. Of each run, its ntk is taken; of one with a kernel of your own, that.
      """)
  @Argument(help: ArgumentHelp("The run folders, two or more.", valueName: "run"))
  var runs: [String]
  @Option(help: "The folder of the results.")
  var output = "comparison"
  @Option(
    name: .customLong("kernel"),
    help: "The kernel: ntk, nngp or kernel; once for all runs, or once for each.")
  var kernels: [KernelKind] = []
  @Option(
    name: .customLong("variant"),
    help: ArgumentHelp(
      "Which variant of a sweep; once for all runs, or once for each.", valueName: "name"))
  var variants: [String] = []
  @Option(help: "The largest number of leading eigenvectors to compare.")
  var vectors = 256
  @Flag(help: "Write into a folder that holds other files.")
  var force = false

  func validate() throws {
    guard runs.count >= 2 else { throw ValidationError("Name two runs or more.") }
    guard runs.count <= 64 else { throw ValidationError("Name 64 runs at most.") }
    for (name, count) in [("kernel", kernels.count), ("variant", variants.count)] {
      guard count <= 1 || count == runs.count else {
        throw ValidationError("Give --\(name) once, or once for each of the \(runs.count) runs.")
      }
    }
    guard (1...10_000).contains(vectors) else {
      throw ValidationError("--vectors must be from 1 to 10,000.")
    }
  }

  func run() throws {
    let request = ComparisonRequest(
      runs: runs, output: output, kernels: kernels, variants: variants, vectors: vectors,
      overwrites: force)
    throw ExitCode(Entry.compare(request).rawValue)
  }
}
