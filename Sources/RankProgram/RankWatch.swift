import Failures
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
    let names = try world.gather(own) ?? []
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
    do {
      try world.agree {
        try watchdog.start()
        // Foundation needs some later, for gnuplot.
        try ThreadLimit.require(3)
      }
    } catch let failure as CollectiveFailure {
      watchdog.stop()
      throw failure
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
    // On rank 0 alone.
    let common = try leaders.flatMap { try $0.gather(own).flatMap(Interface.common) }
    var socket: DatagramSocket?
    var words: [UInt64] = []
    if world.rank == 0 {
      let address = isOneHost ? DatagramSocket.loopback : common?.address
      socket = DatagramSocket(on: address ?? DatagramSocket.anyAddress)
      words =
        Watchdog.Endpoint(
          port: socket?.port ?? 0, addresses: address.map { [$0] } ?? own.map(\.address)
        ).words
    }
    guard let endpoint = Watchdog.Endpoint(words: try world.broadcast(words)) else {
      throw MPIError(function: "MPI_Bcast", code: 0, text: "rank 0 sent no endpoint")
    }
    if world.rank > 0 {
      let towards = endpoint.addresses.count == 1 ? endpoint.addresses[0] : nil
      let near = towards.flatMap { root in own.first { $0.reaches(root) }?.address }
      socket = DatagramSocket(
        on: isOneHost ? DatagramSocket.loopback : near ?? DatagramSocket.anyAddress)
    }
    return (socket, endpoint)
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
      let cause = StopRequest.cause ?? .signal
      return "\(cause.sentence) in the middle of a step"
    }
  }

  /// Ends this process from the watchdog's thread, where MPI may not be called; what started the
  /// ranks then ends the others. No file on disk is ever half written.
  private static func end(_ sentence: String) -> Never {
    StandardStream.error.write("ntk-dist: \(sentence)\n")
    _exit(ExitStatus.stopped.rawValue)
  }
}
