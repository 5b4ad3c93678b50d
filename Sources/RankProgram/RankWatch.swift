import Foundation
import MessagePassing
import Watchdog

/// The watchdog of a program's ranks, and what it says when it ends them.
enum RankWatch {
  /// Begins to watch.
  ///
  /// Collective.
  ///
  /// - Parameters:
  ///   - timeout: seconds after which a silent rank ends the program; 0 for never.
  ///   - continuation: what a message adds about continuing.
  static func start(
    _ world: Communicator, timeout: Double, continuation: String
  ) throws -> Watchdog {
    let rank = world.rank
    let own = MPIEnvironment.processorName
    let gathered = try world.gather(Array(own.utf8)) ?? []
    let names = gathered.map { String(decoding: $0, as: UTF8.self) }
    let first = try world.broadcast(rank == 0 ? Array(own.utf8) : [])
    let root = String(decoding: first, as: UTF8.self)
    let watchdog = Watchdog(
      rank: rank, timeout: timeout, stopGrace: { StopRequest.grace }
    ) { alarm in
      // All ranks may have got the signal: rank 0 tells it, and the others are ended with it.
      if alarm == .stopIgnored && rank != 0 { usleep(700_000) }
      end(sentence(alarm, rank: rank, own: own, root: root, names: names) + continuation)
    }
    let words = watchdog.endpoint.words.map { Int64(bitPattern: $0) }
    let endpoint = try world.broadcast(rank == 0 ? words : [])
    watchdog.start(root: .init(words: endpoint.map { UInt64(bitPattern: $0) }))
    return watchdog
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
        "rank \(rank) (\(own)) has made no progress for \(Int(seconds)) s; check that its file system "
        + "answers, or set a longer --watchdog"
    case .stopIgnored:
      return "\(StopRequest.reason) in the middle of a step, which will be repeated"
    }
  }

  /// Ends this process from the watchdog's thread, where MPI may not be called; what started the
  /// ranks then ends the others. Nothing on disk is ever half done.
  private static func end(_ sentence: String) -> Never {
    let line = Array("ntk-dist: \(sentence)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    _exit(ExitStatus.stopped.rawValue)
  }
}
