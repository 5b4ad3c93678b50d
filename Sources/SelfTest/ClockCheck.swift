import Foundation
import MessagePassing

/// Checks how far the clocks of the nodes differ.
enum ClockCheck {
  private static let roundTrips = 8
  private static let tag: Int32 = 8
  /// A difference of more than this many seconds is a problem.
  private static let limit = 1.0

  /// Performs the check. Collective.
  static func perform(_ site: Site) throws -> [Finding] {
    let offsets = try site.ranks.leaders.map { try measure(site, $0) } ?? []
    guard site.isRoot else { return [] }
    guard offsets.count > 1 else { return [Finding("clocks", "one node has one clock")] }
    let nodes = site.nodes
    let worst = offsets.indices.dropFirst().max { abs(offsets[$0]) < abs(offsets[$1]) } ?? 0
    let skew = abs(offsets[worst])
    var finding = Finding(
      "clocks", "\(duration(skew)) apart at most (\(nodes[worst].name) and \(nodes[0].name))")
    if skew > limit {
      finding.verdict = .look
      finding.advice = "let NTP set the clock of \(nodes[worst].name); times in logs are wrong"
    }
    finding.nodes = offsets.indices.map { (nodes[$0].name, duration(abs(offsets[$0]))) }
    return [finding]
  }

  /// The seconds by which each node's clock is ahead of the clock of node 0, on node 0. Collective over the leaders.
  ///
  /// The delay is half of the shortest of some round trips, as in NTP (RFC 5905, section 8).
  private static func measure(_ site: Site, _ leaders: Communicator) throws -> [Double] {
    guard leaders.rank == 0 else {
      for _ in 0..<roundTrips {
        _ = try leaders.receive(Double.self, from: 0, tag: tag)
        let now = Date().timeIntervalSince1970 + (site.isBroken("clocks") ? 100 : 0)
        try leaders.send([now], to: 0, tag: tag)
      }
      return []
    }
    var offsets = [0.0]
    for node in 1..<max(leaders.size, 1) {
      var best = (trip: Double.infinity, offset: 0.0)
      for _ in 0..<roundTrips {
        let sent = Date().timeIntervalSince1970
        try leaders.send([sent], to: node, tag: tag)
        let there = try leaders.receive(Double.self, from: node, tag: tag).values[0]
        let back = Date().timeIntervalSince1970
        if back - sent < best.trip { best = (back - sent, there - (sent + back) / 2) }
      }
      offsets.append(best.offset)
    }
    return offsets
  }
}
