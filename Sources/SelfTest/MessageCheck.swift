import MessagePassing

/// Checks messages between neighboring ranks: delay, bandwidth, and whether the right data arrive.
enum MessageCheck {
  private static let roundTrips = 50
  private static let words = 1 << 19
  private static let rounds = 4
  private static let tag: Int32 = 7
  /// With less than this many GB/s between nodes, the network is hardly that of a cluster. This is
  /// the speed of gigabit Ethernet.
  private static let slow = 0.12

  /// Performs the check. Collective.
  static func perform(_ site: Site) throws -> [Finding] {
    guard site.ranks.count > 1 else {
      return [Finding("messages", "none: one rank has nobody to talk to")]
    }
    let delay = try delay(to: site)
    let (bandwidth, isRight) = try ring(site)
    guard let figures = try site.gather(delay, bandwidth, isRight ? 1 : 0) else { return [] }
    return findings(site, figures)
  }

  /// The seconds of a message to the next rank, the median of many; 0 on the last rank. Collective.
  private static func delay(to site: Site) throws -> Double {
    let (world, rank) = (site.world, site.ranks.rank)
    var times: [Double] = []
    for parity in 0...1 {
      try world.barrier()
      if rank % 2 == parity, rank + 1 < site.ranks.count {
        for _ in 0..<roundTrips {
          let start = Site.seconds
          try world.send([rank], to: rank + 1, tag: tag)
          _ = try world.receive(Int.self, from: rank + 1, tag: tag)
          times.append((Site.seconds - start) / 2)
        }
      } else if rank % 2 != parity, rank > 0 {
        for _ in 0..<roundTrips {
          let number = try world.receive(Int.self, from: rank - 1, tag: tag).values
          try world.send(number, to: rank - 1, tag: tag)
        }
      }
    }
    return times.isEmpty ? 0 : times.sorted()[times.count / 2]
  }

  /// Sends to the next rank while receiving from the previous rank, on all ranks at once. Returns
  /// the GB/s of the received data, and whether these data are right. Collective.
  private static func ring(_ site: Site) throws -> (gigabytes: Double, isRight: Bool) {
    let (rank, count) = (site.ranks.rank, site.ranks.count)
    let (next, previous) = ((rank + 1) % count, (rank + count - 1) % count)
    let sent = pattern(rank)
    var received = [UInt64](repeating: 0, count: words)
    var best = Double.infinity
    for _ in 0..<rounds {
      try site.world.barrier()
      let start = Site.seconds
      try sent.withUnsafeBytes { outgoing in
        try received.withUnsafeMutableBytes { incoming in
          try site.world.sendReceive(outgoing, to: next, incoming, from: previous)
        }
      }
      best = min(best, Site.seconds - start)
    }
    if site.isBroken("messages") { received[words / 2] ^= 1 }
    return (Double(8 * words) / best * 1e-9, received == pattern(previous))
  }

  private static func pattern(_ rank: Int) -> [UInt64] {
    (0..<words).map { (UInt64(rank) << 32 | UInt64($0)) &* 0x9e37_79b9_7f4a_7c15 }
  }

  /// - Parameter figures: for every rank, the delay to the next rank, the bandwidth from the
  ///   previous rank, and 1 if the data were right.
  private static func findings(_ site: Site, _ figures: [[Double]]) -> [Finding] {
    let count = figures.count
    if let wrong = figures.firstIndex(where: { $0[2] == 0 }) {
      return [
        Finding(
          "messages",
          "\(site.name(wrong)) got wrong data from \(site.name((wrong + count - 1) % count))", .bad,
          advice: "try another MPI transport, or keep jobs off these nodes")
      ]
    }
    /// The figures of the slowest pair within nodes or between nodes.
    func slowest(between: Bool) -> (delay: Double, gigabytes: Double)? {
      let pairs = (0..<count).filter {
        (site.nodeOf[$0] != site.nodeOf[($0 + 1) % count]) == between
      }
      guard !pairs.isEmpty else { return nil }
      return (
        pairs.filter { $0 + 1 < count }.map { figures[$0][0] }.max() ?? 0,
        pairs.map { figures[($0 + 1) % count][1] }.min() ?? 0
      )
    }
    var findings: [Finding] = []
    if let near = slowest(between: false) {
      findings = [
        Finding("messages", "within nodes \(duration(near.delay)), \(short(near.gigabytes)) GB/s")
      ]
    }
    if let far = slowest(between: true) {
      findings.append(
        Finding(
          "network", "between nodes \(duration(far.delay)), \(short(far.gigabytes)) GB/s",
          lookIf: far.gigabytes < slow,
          advice: "check that MPI uses the fast network (UCX, libfabric)"))
    }
    return findings
  }
}
