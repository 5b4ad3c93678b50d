import Foundation
import Logging

/// The output of rank 0 for the user: lines, and the progress of long steps.
public final class Console {
  /// How progress is shown.
  public enum Progress: String, CaseIterable, Sendable {
    /// A bar that redraws itself.
    case bar
    /// A line every few seconds.
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
  /// The step whose completion was shown last.
  private var complete: String?

  /// The console of one rank. It prints only where `isOpen` is true.
  public init(isOpen: Bool, progress: Progress) {
    self.isOpen = isOpen
    self.progress = progress == .auto ? (isatty(STDERR_FILENO) != 0 ? .bar : .lines) : progress
  }

  /// Prints a line to standard output.
  public func say(_ line: String) {
    guard isOpen else { return }
    closeBar()
    StandardStream.output.write(line + "\n")
  }

  /// Prints a warning to standard error.
  public func warn(_ line: String) {
    guard isOpen else { return }
    closeBar()
    log.warning("\(line)")
  }

  /// Shows the progress of a step, not more often than it can be read.
  package func show(
    _ what: String, fraction: Double, detail: @autoclosure () -> String, at time: Double
  ) {
    guard isOpen, progress == .bar || progress == .lines else { return }
    let interval = progress == .bar ? 0.1 : 5
    let isComplete = fraction >= 1
    guard isComplete ? complete != what : time - lastDrawn >= interval else { return }
    complete = isComplete ? what : nil
    lastDrawn = time
    let percent = String(format: "%3d %%", Int(fraction * 100))
    if progress == .lines {
      StandardStream.error.write("\(what) \(percent)  \(detail())\n")
      return
    }
    let width = 30
    let filled = min(width, Int(fraction * Double(width)))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    StandardStream.error.write("\r\(what) \(bar) \(percent)  \(detail())\u{1B}[K")
    barIsOpen = true
    if isComplete { closeBar() }
  }

  private func closeBar() {
    guard barIsOpen else { return }
    barIsOpen = false
    StandardStream.error.write("\n")
  }
}
