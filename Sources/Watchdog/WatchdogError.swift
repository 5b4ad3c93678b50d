import Failures
import Glibc

/// The error for a watchdog that cannot start.
public enum WatchdogError: Failure, Equatable {
  /// The system does not provide a thread; the error number says why.
  case noThread(code: Int32)

  /// The kind of failure.
  public var kind: FailureKind { .resource }

  /// One sentence for the user.
  public var description: String {
    switch self {
    case .noThread(let code):
      "no thread can be started (\(String(cString: strerror(code)))); raise the limits of processes "
        + "and memory (ulimit -u, ulimit -v)"
    }
  }
}
