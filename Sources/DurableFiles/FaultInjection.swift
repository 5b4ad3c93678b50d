import Glibc
import Synchronization

/// Makes one chosen system call of a `Disk` go wrong, so that a test can break a write path at
/// every step without processes.
///
/// Steps are counted from 0 in the order of the calls. One object serves one test.
public final class FaultInjection: Sendable {
  /// What happens at the chosen step.
  public enum Fault: Sendable, Equatable {
    /// The call fails with this `errno` and the program goes on; later calls work.
    case fail(Int32)
    /// The call is interrupted by a signal once and has to be repeated.
    case interrupt
    /// A write is cut in half and the process dies: this and every later call does nothing.
    case stop
    /// As `stop`, and the machine forgets half of every file that was not flushed, whatever its name,
    /// and every second new name that was not: the last one, the last but two, and so on. What was
    /// removed stays removed.
    case powerCut
  }

  private struct State {
    var step = 0
    var isDead = false
    var unflushed: Set<String> = []
    /// New names in the order in which they came, since their folders were flushed.
    var unflushedNames: [String] = []
  }

  private let fault: Fault
  private let chosenStep: Int
  private let largestTransfer: Int
  private let state = Mutex(State())

  /// A fault at step `step`.
  ///
  /// - Parameter largestTransfer: bytes that one write or read call moves at most, to provoke
  ///   short transfers.
  public init(_ fault: Fault, atStep step: Int, largestTransfer: Int = .max) {
    self.fault = fault
    self.chosenStep = step
    self.largestTransfer = largestTransfer
  }

  /// The number of system calls seen; a run with a fault beyond it measures a write path's length.
  public var steps: Int { state.withLock { $0.step } }

  /// Whether the simulated process has stopped.
  public var hasStopped: Bool { state.withLock { $0.isDead } }

  /// What the call about to be made shall do instead.
  enum Verdict {
    case proceed
    case fail(Int32)
    case dieAfterHalf
  }

  /// Counts one call and gives its verdict; `ECANCELED` is the code of a dead process.
  func verdict() -> Verdict {
    state.withLock { state in
      guard !state.isDead else { return .fail(ECANCELED) }
      defer { state.step += 1 }
      guard state.step == chosenStep else { return .proceed }
      switch fault {
      case .fail(let code): return .fail(code)
      case .interrupt: return .fail(EINTR)
      case .stop, .powerCut:
        state.isDead = true
        return .dieAfterHalf
      }
    }
  }

  /// Bytes to hand to the next transfer call.
  func transfer(_ count: Int) -> Int { min(count, largestTransfer) }

  func noteWritten(_ path: String) { state.withLock { _ = $0.unflushed.insert(path) } }

  func noteFlushed(_ path: String) { state.withLock { _ = $0.unflushed.remove(path) } }

  /// - Parameter isNew: whether nothing had the name before.
  func noteRenamed(_ source: String, to target: String, isNew: Bool) {
    state.withLock { state in
      if isNew { state.unflushedNames.append(target) }
      if state.unflushed.remove(source) != nil {
        state.unflushed.insert(target)
      } else {
        state.unflushed.remove(target)
      }
    }
  }

  func noteFolderFlushed(_ folder: String) {
    state.withLock { state in state.unflushedNames.removeAll { Disk.split($0).folder == folder } }
  }

  /// Forgets what was never flushed, once the power is cut.
  func forgetUnflushed() {
    guard fault == .powerCut else { return }
    state.withLock { state in
      for (index, path) in state.unflushedNames.reversed().enumerated() where index % 2 == 0 {
        _ = unlink(path)
      }
      state.unflushedNames = []
      for path in state.unflushed {
        var status = stat()
        if stat(path, &status) == 0 { _ = truncate(path, status.st_size / 2) }
      }
      state.unflushed = []
    }
  }
}
