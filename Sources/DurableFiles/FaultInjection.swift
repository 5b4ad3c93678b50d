import Glibc
import Synchronization

/// Makes one chosen system call of a `Disk` go wrong, so that a test can break a write at every
/// step without separate processes.
///
/// Steps are counted from 0 in the order of the calls. One object serves one test.
public final class FaultInjection: Sendable {
  /// The fault that happens at the chosen step.
  public enum Fault: Sendable, Equatable {
    /// The call fails with this `errno`, and the program continues; later calls work.
    case fail(Int32)
    /// The call is interrupted once by a signal and has to be repeated.
    case interrupt
    /// A write is cut in half and the process dies: this call and all later calls do nothing.
    case stop
    /// The same as `stop`, and in addition the machine forgets half of every file that was not
    /// flushed, whatever its name, and every second new name that was not flushed: the last one,
    /// the last but two, and so on. Removed files stay removed.
    case powerCut
  }

  private struct State {
    var step = 0
    var isDead = false
    var unflushed: Set<String> = []
    /// The new names since their folders were last flushed, in the order in which they were created.
    var unflushedNames: [String] = []
  }

  private let fault: Fault
  private let chosenStep: Int
  private let largestTransfer: Int
  private let state = Mutex(State())

  /// Creates a fault at step `step`.
  ///
  /// - Parameter largestTransfer: the maximum number of bytes that one write or read call moves, to
  ///   provoke short transfers.
  public init(_ fault: Fault, atStep step: Int, largestTransfer: Int = .max) {
    self.fault = fault
    self.chosenStep = step
    self.largestTransfer = largestTransfer
  }

  /// The number of system calls so far. A run with a fault at a later step measures the number of steps of a write.
  public var steps: Int { state.withLock { $0.step } }

  /// Whether the simulated process has stopped.
  public var hasStopped: Bool { state.withLock { $0.isDead } }

  /// What to do instead of the next call.
  enum Verdict {
    case proceed
    case fail(Int32)
    case dieAfterHalf
  }

  /// Counts one call and returns its verdict. A dead process gets the code `ECANCELED`.
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

  /// The number of bytes to hand to the next transfer call.
  func transfer(_ count: Int) -> Int { min(count, largestTransfer) }

  func noteWritten(_ path: String) { state.withLock { _ = $0.unflushed.insert(path) } }

  func noteFlushed(_ path: String) { state.withLock { _ = $0.unflushed.remove(path) } }

  /// - Parameter isNew: whether no file had this name before.
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

  /// After a power cut, forgets everything that was not flushed.
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
