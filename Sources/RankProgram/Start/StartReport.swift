import BLAS
import CProcess
import Foundation
import MessagePassing
import Processor

/// The first line of a command that runs on ranks, and the warnings after it.
package enum StartReport {
  /// Prints the line and the warnings on rank 0. Collective.
  ///
  /// - Parameter threads: the number of BLAS threads of each rank in the solvers of the command.
  package static func print(_ ranks: Ranks, threads: Int, on console: Console) throws {
    let encoded = try JSONEncoder().encode(RankFacts.own(node: try node(of: ranks)))
    let texts = try ranks.world.gather([UInt8](encoded))
    guard let texts else { return }
    let facts = try texts.map { try JSONDecoder().decode(RankFacts.self, from: Data($0)) }
    console.say(line(facts, threads: threads))
    let environment = ProcessInfo.processInfo.environment
    let warnings = StartWarnings(
      facts: facts, threads: threads,
      core: BLASKernels.age(ofCore: Processor.names(of: Processor.required)),
      forcedKernels: environment[BLASKernels.variable],
      sharesOnPurpose: sharingIsMeant)
    for sentence in warnings.sentences { console.warn(sentence) }
  }

  /// Whether the environment says that there are intentionally more ranks than cores. Local.
  package static var sharingIsMeant: Bool {
    ["1", "true"].contains(
      ProcessInfo.processInfo.environment["OMPI_MCA_mpi_yield_when_idle"])
  }

  /// The number of this rank's node, counted from 0. Collective.
  package static func node(of ranks: Ranks) throws -> Int {
    try ranks.node.broadcast([ranks.leaders?.rank ?? 0])[0]
  }

  private static func line(_ facts: [RankFacts], threads: Int) -> String {
    func counted(_ count: Int, _ name: String) -> String {
      "\(count) \(name)\(count == 1 ? "" : "s")"
    }
    let nodes = Set(facts.map(\.node)).count
    let kernels = Set(facts.map(\.kernels)).sorted().joined(separator: ", ")
    return [
      "ntk-dist \(String(cString: ntk_version())): \(counted(facts.count, "rank")) on "
        + counted(nodes, "node"),
      MPIEnvironment.implementation, "\(OpenBLAS.version) (\(kernels))",
      "core for \(String(cString: ntk_march())) (\(Processor.vectors))",
      counted(threads, "BLAS thread") + " a rank",
    ].joined(separator: ", ")
  }
}
