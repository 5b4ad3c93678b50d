import Foundation
import MessagePassing
import RankProgram

/// The ranks of a test, and the nodes of these ranks.
struct Site {
  let ranks: Ranks
  /// The host of every rank.
  let hosts: [String]
  /// The number of every rank's node, counted from 0.
  let nodeOf: [Int]
  private let fault: InjectedFault?

  var world: Communicator { ranks.world }
  var isRoot: Bool { ranks.isRoot }
  var nodeCount: Int { Set(nodeOf).count }

  /// Gathers the hosts and nodes of all ranks. Collective.
  init(_ ranks: Ranks) throws {
    self.ranks = ranks
    let names = try ranks.world.gather(MPIEnvironment.processorName) ?? []
    hosts = try ranks.world.broadcast(names.joined(separator: "\n"))
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var nodes = [Int](repeating: 0, count: ranks.count)
    nodes[ranks.rank] = try StartReport.node(of: ranks)
    try ranks.world.allReduce(&nodes, .sum)
    nodeOf = nodes
    fault = InjectedFault()
  }

  /// Whether a test breaks a check on this rank.
  func isBroken(_ check: String) -> Bool { fault?.strikes(check, ranks.rank) ?? false }

  /// The figures of every rank on rank 0; nil on the other ranks. Collective.
  func gather(_ figures: Double...) throws -> [[Double]]? { try world.gather(figures) }

  /// A rank with its host, for a sentence.
  func name(_ rank: Int) -> String { "rank \(rank) (\(hosts[rank]))" }

  /// The names of some ranks, for a sentence.
  func names(_ ranks: [Int]) -> String {
    ranks.prefix(3).map(name).joined(separator: ", ")
      + (ranks.count > 3 ? " and \(ranks.count - 3) more" : "")
  }

  /// The ranks of each node.
  var nodes: [(name: String, ranks: [Int])] {
    Dictionary(grouping: nodeOf.indices) { nodeOf[$0] }.sorted { $0.key < $1.key }
      .map { (hosts[$0.value[0]], $0.value) }
  }

  /// The seconds of a clock that never goes back.
  static var seconds: Double { MPIEnvironment.seconds }

  /// Whether a measurement still has time and no stop was requested on this rank.
  static func goesOn(until end: Double) -> Bool { seconds < end && StopRequest.cause == nil }
}

/// A number with three significant digits.
func short(_ value: Double) -> String {
  value >= 100 ? String(format: "%.0f", value) : String(format: "%.3g", value)
}

/// A duration in a suitable unit.
func duration(_ seconds: Double) -> String {
  switch seconds {
  case ..<1e-3: short(seconds * 1e6) + " us"
  case ..<1: short(seconds * 1e3) + " ms"
  default: short(seconds) + " s"
  }
}
