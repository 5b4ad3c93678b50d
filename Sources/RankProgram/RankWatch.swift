import Foundation
import MessagePassing
import Watchdog

/// The watchdog of a program's ranks, and what it says when it ends them.
enum RankWatch {
  /// Begins to watch.
  ///
  /// Collective. Errors: no thread on a rank.
  ///
  /// - Parameters:
  ///   - node: the ranks of this node.
  ///   - leaders: rank 0 of each node; nil on the other ranks.
  ///   - timeout: seconds after which a silent rank ends the program; 0 for never.
  ///   - continuation: what a message adds about continuing.
  static func start(
    _ world: Communicator, node: Communicator, leaders: Communicator?, timeout: Double,
    continuation: String
  ) throws -> Watchdog {
    let rank = world.rank
    let own = MPIEnvironment.processorName
    let gathered = try world.gather(Array(own.utf8)) ?? []
    let names = gathered.map { String(decoding: $0, as: UTF8.self) }
    let root = try world.broadcast(own)
    let (socket, endpoint) = try connect(world, node: node, leaders: leaders)
    let watchdog = Watchdog(
      rank: rank, timeout: timeout, socket: socket, root: endpoint,
      stopGrace: { StopRequest.grace }
    ) { alarm in
      // All ranks may have received the signal: rank 0 prints it and ends the others.
      if alarm == .stopIgnored && rank != 0 { usleep(700_000) }
      end(sentence(alarm, rank: rank, own: own, root: root, names: names) + continuation)
    }
    try world.agree {
      try watchdog.start()
      // Foundation needs some later, for gnuplot.
      try ThreadLimit.require(3)
    }
    return watchdog
  }

  /// This rank's socket, and where rank 0 is heard. Collective.
  ///
  /// The sockets listen on the loopback where all ranks are on one host, and otherwise on the
  /// network that all hosts share, as far as there is one.
  private static func connect(
    _ world: Communicator, node: Communicator, leaders: Communicator?
  ) throws -> (socket: DatagramSocket?, root: Watchdog.Endpoint) {
    let isOneHost = node.size == world.size
    let own = isOneHost ? [] : Interface.own
    let common = try leaders.flatMap { try commonInterface($0, own) }
    var socket: DatagramSocket?
    var words: [Int64] = []
    if world.rank == 0 {
      let address = isOneHost ? DatagramSocket.loopback : common?.address
      socket = DatagramSocket(on: address ?? DatagramSocket.anyAddress)
      let endpoint = Watchdog.Endpoint(
        port: socket?.port ?? 0, addresses: address.map { [$0] } ?? own.map(\.address))
      words = endpoint.words.map { Int64(bitPattern: $0) }
    }
    words = try world.broadcast(words)
    let endpoint = try world.agree { () throws -> Watchdog.Endpoint in
      guard let found = Watchdog.Endpoint(words: words.map { UInt64(bitPattern: $0) }) else {
        throw MPIError(function: "MPI_Bcast", code: 0, text: "rank 0 sent no endpoint")
      }
      return found
    }
    if world.rank > 0 {
      let towards = endpoint.addresses.count == 1 ? endpoint.addresses[0] : nil
      let near = towards.flatMap { root in own.first { $0.reaches(root) }?.address }
      socket = DatagramSocket(
        on: isOneHost ? DatagramSocket.loopback : near ?? DatagramSocket.anyAddress)
    }
    return (socket, endpoint)
  }

  /// The interface of rank 0 in whose network all nodes are, on rank 0. Collective over the leaders.
  private static func commonInterface(
    _ leaders: Communicator, _ own: [Interface]
  ) throws -> Interface? {
    let bytes = own.flatMap { [$0.address, $0.mask] }.flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
    }
    let all = try leaders.gather(bytes) ?? []
    let hosts = all.map { bytes in
      stride(from: 0, to: bytes.count - 7, by: 8).map { start in
        func word(_ at: Int) -> UInt32 {
          (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
        }
        return Interface(address: word(start), mask: word(start + 4))
      }
    }
    return Interface.common(to: hosts)
  }

  private static func sentence(
    _ alarm: Watchdog.Alarm, rank: Int, own: String, root: String, names: [String]
  ) -> String {
    switch alarm {
    case .silent(let ranks, let seconds):
      let list = ranks.prefix(4).map { silent in
        "rank \(silent) (\(silent < names.count ? names[silent] : root))"
      }
      let more = ranks.count > 4 ? " and \(ranks.count - 4) more" : ""
      return
        "\(list.joined(separator: ", "))\(more) not heard from for \(Int(seconds)) s: frozen, or "
        + "the host or its network is gone"
    case .stuck(let seconds):
      return
        "rank \(rank) (\(own)) has made no progress for \(Int(seconds)) s; check that its file "
        + "system answers"
    case .stopIgnored:
      return "\(StopRequest.reason) in the middle of a step, which will be repeated"
    }
  }

  /// Ends this process from the watchdog's thread, where MPI may not be called; what started the
  /// ranks then ends the others. No file on disk is ever half written.
  private static func end(_ sentence: String) -> Never {
    StandardStream.error.write("ntk-dist: \(sentence)\n")
    _exit(ExitStatus.stopped.rawValue)
  }
}
