import Foundation
import Logging

/// What rank 0 tells the user: lines, and the progress of something long.
public final class Console {
  /// How progress is shown.
  public enum Progress: String, CaseIterable, Sendable {
    /// A bar that redraws itself.
    case bar
    /// A line now and then.
    case lines
    case none
    /// A bar on a terminal, lines elsewhere (under mpirun the terminal cannot be seen).
    case auto
  }

  private let isOpen: Bool
  private let progress: Progress
  private let log = ConsoleLog.logger(rank: 0)
  private var barIsOpen = false
  private var lastDrawn = -Double.infinity
  /// What was shown to be complete, once.
  private var complete: String?

  /// The console of one rank; only an open one prints.
  public init(isOpen: Bool, progress: Progress) {
    self.isOpen = isOpen
    self.progress = progress == .auto ? (isatty(STDERR_FILENO) != 0 ? .bar : .lines) : progress
  }

  /// Prints a line to standard output.
  public func say(_ line: String) {
    guard isOpen else { return }
    closeBar()
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  /// Prints a warning to standard error.
  public func warn(_ line: String) {
    guard isOpen else { return }
    closeBar()
    log.warning("\(line)")
  }

  /// Shows how far something is; not more often than it can be read.
  package func show(_ what: String, fraction: Double, detail: String, at time: Double) {
    guard isOpen, progress == .bar || progress == .lines else { return }
    let interval = progress == .bar ? 0.1 : 5
    let isComplete = fraction >= 1
    guard isComplete ? complete != what : time - lastDrawn >= interval else { return }
    complete = isComplete ? what : nil
    lastDrawn = time
    let percent = String(format: "%3d %%", Int(fraction * 100))
    if progress == .lines {
      FileHandle.standardError.write(Data("\(what) \(percent)  \(detail)\n".utf8))
      return
    }
    let width = 30
    let filled = min(width, Int(fraction * Double(width)))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    FileHandle.standardError.write(Data("\r\(what) \(bar) \(percent)  \(detail)\u{1B}[K".utf8))
    barIsOpen = true
    if isComplete { closeBar() }
  }

  private func closeBar() {
    guard barIsOpen else { return }
    barIsOpen = false
    FileHandle.standardError.write(Data("\n".utf8))
  }
}
