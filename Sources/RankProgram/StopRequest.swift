import CProcess
import Foundation

/// Requests to this process to stop: SIGUSR1, SIGTERM, SIGINT, SIGHUP, or its time limit.
package enum StopRequest {
  /// The signal that was received; nil if none was.
  package static var signal: Int32? {
    let signal = ntk_stop_signal()
    return signal == 0 ? nil : signal
  }

  /// Makes these signals ask the process to stop instead of ending it.
  package static func watch() { _ = ntk_watch_stop_signals() }

  /// Asks the process to stop shortly before `limit` seconds have passed: a minute before, or a
  /// tenth of a short limit.
  package static func stop(before limit: Double) {
    ntk_stop_after(max(limit - min(60, limit / 10), 0.001))
  }

  /// The causes for a stop; the more urgent one comes last.
  package enum Cause: Int {
    case timeLimit = 1
    /// A signal from outside. The program stops within five seconds.
    case signal = 2

    /// A sentence for the user.
    package var sentence: String {
      self == .timeLimit ? "stopped before the time limit" : "stopped on request"
    }
  }

  /// The cause for this process to stop; nil if there is none. Ranks may notice it at different
  /// times; see `Ranks.stopCause`.
  package static var cause: Cause? { signal.map { $0 == SIGALRM ? .timeLimit : .signal } }

  /// The seconds after which a stage that does not check for the request is ended; nil without a request.
  static var grace: Double? { cause.map { $0 == .signal ? 3.5 : 45 } }
}
