import MessagePassing
import RankProgram
import Watchdog

/// Checks the datagrams of the watchdog between all nodes or, on a single node, between its ranks.
enum DatagramCheck {
  private static let rounds = 4
  /// The seconds of listening in each round.
  private static let patience = 0.5

  /// Performs the check. Collective.
  static func perform(_ site: Site) throws -> [Finding] {
    let hasNodes = site.nodeCount > 1
    let group = hasNodes ? site.ranks.leaders : site.world
    let missing = try group.map { try unheard(site, $0, isOneHost: !hasNodes) } ?? []
    guard let all = try site.world.gather(missing) else { return [] }
    let leaders = hasNodes ? site.nodes.map { $0.ranks[0] } : Array(site.nodeOf.indices)
    guard let deaf = all.indices.first(where: { !all[$0].isEmpty }) else {
      let what = hasNodes ? "\(leaders.count) nodes" : "ranks of the node"
      return [Finding("datagrams", "between all \(what)")]
    }
    let from = leaders[all[deaf][0]]
    let pairs = all.reduce(0) { $0 + $1.count }
    return [
      Finding(
        "datagrams",
        "none from \(site.name(from)) to \(site.name(deaf))"
          + (pairs > 1 ? " and between \(pairs - 1) more pairs" : ""), .look,
        advice: "let UDP pass between the nodes, or the watchdog does not notice ranks that hang")
    ]
  }

  /// The ranks of the group whose datagrams do not arrive at this rank. Collective over the group.
  private static func unheard(_ site: Site, _ group: Communicator, isOneHost: Bool) throws -> [Int]
  {
    let address = try address(group, isOneHost: isOneHost)
    let socket = DatagramSocket(on: address)
    let own = [UInt32(socket?.port ?? 0), address]
    let places = try group.broadcast((try group.gather(own) ?? []).flatMap { $0 })
    let words = try group.broadcast(SipHash().key)
    guard let key = SipHash(key: words) else { return Array(0..<group.size) }
    var filter = PulseFilter(key: key)
    var missing = Set(0..<group.size)
    var buffer = [UInt8](repeating: 0, count: Pulse.size + 1)
    for round in 1...rounds {
      // After the barrier all sockets are open, and datagrams that arrive early wait in them.
      try group.barrier()
      if let socket, !site.isBroken("datagrams") {
        let pulse = Pulse(rank: group.rank, kind: .here, sequence: UInt64(round)).bytes(key: key)
        for other in 0..<group.size {
          socket.send(
            pulse, to: (places[2 * other + 1], UInt16(truncatingIfNeeded: places[2 * other])))
        }
      }
      let end = Site.seconds + patience
      while let socket, !missing.isEmpty, Site.seconds < end {
        buffer.withUnsafeMutableBytes { bytes in
          guard let (count, _) = socket.receive(into: bytes, waiting: 0.05),
            let pulse = filter.admit(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
          else { return }
          missing.remove(pulse.rank)
        }
      }
      if try group.allReduce(missing.count, .max) == 0 { break }
    }
    return missing.sorted()
  }

  /// The address at which this rank listens. As for the watchdog, it is on the network that all
  /// hosts share. Collective over the group.
  private static func address(_ group: Communicator, isOneHost: Bool) throws -> UInt32 {
    guard !isOneHost else { return DatagramSocket.loopback }
    let own = Interface.own
    let common = try group.gather(own).flatMap(Interface.common)
    let shared = try group.broadcast([common?.address ?? 0])[0]
    let near = own.first { shared != 0 && $0.reaches(shared) } ?? own.first
    return near?.address ?? DatagramSocket.loopback
  }
}
