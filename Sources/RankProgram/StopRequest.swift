import CProcess
import Failures
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

  /// Whether a signal from outside asks: then the program stops within five seconds.
  package static var isHurried: Bool { signal.map { $0 != SIGALRM } ?? false }

  /// Seconds after which a stage that does not look for the request is ended; nil without a request.
  static var grace: Double? { signal == nil ? nil : isHurried ? 3.5 : 45 }

  /// Why it stops, for the user.
  package static var reason: String {
    signal == SIGALRM ? "stopped before the time limit" : "stopped on request"
  }

  /// The error that ends a step because something asks to stop.
  package static var refusal: Refusal { Refusal(.stopped, reason) }
}
