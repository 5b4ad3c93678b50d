import Failures
import Foundation
import MessagePassing
import Watchdog

/// The watchdog of a program's ranks, and the messages with which it ends them.
enum RankWatch {
  /// Starts to watch.
  ///
  /// Collective. Errors: a rank that cannot create a thread.
  ///
  /// - Parameters:
  ///   - node: the ranks of this node.
  ///   - leaders: rank 0 of each node; nil on the other ranks.
  ///   - timeout: the seconds after which a silent rank ends the program; 0 for never.
  ///   - continuation: what a message adds about how to continue.
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
      // All ranks may have received the signal. Rank 0 prints the message and ends the other ranks.
      if alarm == .stopIgnored && rank != 0 { usleep(700_000) }
      end(sentence(alarm, rank: rank, own: own, root: root, names: names) + continuation)
    }
    do {
      try world.agree {
        try watchdog.start()
        // Foundation needs some threads later, for gnuplot.
        try ThreadLimit.require(3)
      }
    } catch let failure as CollectiveFailure {
      watchdog.stop()
      throw failure
    }
    return watchdog
  }

  /// The socket of this rank, and the address of rank 0. Collective.
  ///
  /// The sockets use the loopback interface if all ranks are on one host. Otherwise they use the
  /// network that all hosts share, if there is one.
  private static func connect(
    _ world: Communicator, node: Communicator, leaders: Communicator?
  ) throws -> (socket: DatagramSocket?, root: Watchdog.Endpoint) {
    let isOneHost = node.size == world.size
    let own = isOneHost ? [] : Interface.own
    // Only on rank 0.
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

  /// Ends this process from the thread of the watchdog, where MPI must not be called. The launcher
  /// then ends the other ranks. No file on disk is ever half written.
  private static func end(_ sentence: String) -> Never {
    StandardStream.error.write("ntk-dist: \(sentence)\n")
    _exit(ExitStatus.stopped.rawValue)
  }
}
