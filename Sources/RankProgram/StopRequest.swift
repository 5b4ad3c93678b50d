import CProcess
import Foundation

/// What asks this process to stop: SIGUSR1, SIGTERM, SIGINT, SIGHUP, or its time limit.
package enum StopRequest {
  /// The signal that has come; nil for none.
  package static var signal: Int32? {
    let signal = ntk_stop_signal()
    return signal == 0 ? nil : signal
  }

  /// From now on these signals do not end the process; they ask it to stop.
  package static func watch() { _ = ntk_watch_stop_signals() }

  /// Asks some time before so many seconds have passed: a minute, or a tenth of a short limit.
  package static func stop(before limit: Double) {
    ntk_stop_after(max(limit - min(60, limit / 10), 0.001))
  }

  /// Why to stop, the more urgent one last.
  package enum Cause: Int {
    case timeLimit = 1
    /// A signal from outside: the program stops within five seconds.
    case signal = 2

    /// For the user.
    package var sentence: String {
      self == .timeLimit ? "stopped before the time limit" : "stopped on request"
    }
  }

  /// What asks this process to stop; nil for nothing. Ranks may notice at different times: see
  /// `Ranks.stopCause`.
  package static var cause: Cause? { signal.map { $0 == SIGALRM ? .timeLimit : .signal } }

  /// Seconds after which a stage that does not look for the request is ended; nil without a request.
  static var grace: Double? { cause.map { $0 == .signal ? 3.5 : 45 } }
}
