import Failures
import Foundation
import MessagePassing
import RankProgram

/// The options of `ntk-dist selftest`.
public struct SelfTestRequest {
  /// A folder in which the results of runs will be stored.
  public var folder: String
  /// Whether to show the figures of every node.
  public var showsNodes: Bool

  /// A request.
  public init(folder: String, showsNodes: Bool) {
    (self.folder, self.showsNodes) = (folder, showsNodes)
  }
}

/// Performs all checks of a cluster.
package struct ClusterTest {
  private let request: SelfTestRequest
  private let ranks: Ranks
  private let console: Console

  package init(_ request: SelfTestRequest, ranks: Ranks) {
    (self.request, self.ranks) = (request, ranks)
    console = Console(isOpen: ranks.isRoot, progress: .none)
  }

  /// Prints a row for each check. Collective. Returns `unavailable` if one is bad.
  package func perform() throws -> ExitStatus {
    let folder = try TestFolder(in: request.folder, ranks)
    defer { if ranks.isRoot { folder.remove() } }
    let start = MPIEnvironment.seconds
    let site = try Site(ranks)
    console.say(Finding.head)
    var findings = try report { try MessageCheck.perform(site) }
    findings += try report { try WindowCheck.perform(site) }
    findings += try report { try DatagramCheck.perform(site) }
    findings += try report { try ClockCheck.perform(site) }
    let checks = [
      FolderCheck.perform, FileSpeedCheck.flushes, FileSpeedCheck.smallFiles, RoomCheck.perform,
      FileSpeedCheck.bandwidth,
    ]
    for check in checks {
      let found = try report { try Self.findings { try check(site, folder) } }
      findings += found
      // If the folder is not shared or is full, the other checks of the folder make no sense.
      if try isBad(found) { break }
    }
    findings += try report { try SpeedCheck.perform(site) }
    findings += try report { try TileCheck.perform(site) }
    findings += try report { try SolverCheck.perform(site) }
    let seconds = MPIEnvironment.seconds - start
    console.say("\(Finding.summary(findings)), after \(duration(seconds))")
    return try isBad(findings) ? .unavailable : .success
  }

  /// The findings of a check of the folder. If files cannot be written in the folder, this is a
  /// finding, too. Collective.
  private static func findings(_ check: () throws -> [Finding]) throws -> [Finding] {
    do { return try check() } catch let failure as CollectiveFailure
      where failure.kind == .inputOutput
    {
      return [
        Finding(
          "room", failure.description, .bad,
          advice: "free some space, ask for more quota (quota -s, lfs quota), or use another disk")
      ]
    }
  }

  /// Whether one of rank 0's findings is bad. Collective.
  private func isBad(_ findings: [Finding]) throws -> Bool {
    try ranks.world.broadcast([findings.contains { $0.verdict == .bad } ? 1 : 0])[0] == 1
  }

  /// Runs a check and prints what it finds, unless the test is asked to stop. Collective.
  private func report(_ check: () throws -> [Finding]) throws -> [Finding] {
    let findings = try check()
    // A check that was cut short has no valid findings.
    try ranks.stopIfAsked()
    for finding in findings {
      for line in finding.lines(showsNodes: request.showsNodes) { console.say(line) }
    }
    return findings
  }
}
