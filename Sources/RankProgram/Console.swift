import Foundation
import Logging
import Results

/// The output of rank 0 for the user: lines, and the progress of long steps.
public final class Console {
  /// How progress is shown.
  public enum Progress: String, CaseIterable, Sendable {
    /// A bar that redraws itself.
    case bar
    /// A line every ten seconds.
    case lines
    case none
    /// A bar on a terminal, lines elsewhere (a terminal cannot be detected under mpirun).
    case auto
  }

  /// The time that is left until the end of a step.
  package enum TimeLeft {
    /// Estimated from the rate since the step was first shown.
    case atTheRateSoFar
    /// Known, in seconds; nil if it cannot be known yet.
    case known(Double?)
  }

  /// Called for a step when it begins and about every ten seconds, whatever the user sees.
  package var onStep: ((StepRecord) -> Void)?
  /// The stage that the following steps belong to.
  package var stage: String?

  /// Seconds between two lines of progress.
  private static let linesApart = 10.0

  private let isOpen: Bool
  private let progress: Progress
  private let log = ConsoleLog.logger(rank: 0)
  private var barIsOpen = false
  private var lastDrawn = -Double.infinity
  private var lastTold = -Double.infinity
  private var told: String?
  /// The current step, with its fraction and the time when it was first shown.
  private var first: (what: String, fraction: Double, time: Double)?
  /// The step whose completion was shown last.
  private var complete: String?

  /// The console of one rank. It prints only if `isOpen` is true.
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

  /// Shows the progress of a step, but not more often than a user can read it.
  ///
  /// - Parameters:
  ///   - fraction: the finished fraction from 0 to 1; nil if it cannot be known.
  ///   - left: the time until the end of the step.
  ///   - isPreparation: whether the step only prepares the work on a kernel.
  ///   - time: the seconds of a clock that does not jump.
  package func show(
    _ what: String, fraction: Double?, left: TimeLeft = .atTheRateSoFar,
    isPreparation: Bool = false, detail: @autoclosure () -> String, at time: Double
  ) {
    guard isOpen else { return }
    if first?.what != what || fraction ?? 0 < first?.fraction ?? 0 {
      first = (what, fraction ?? 0, time)
    }
    let isDrawn = isDue(what, fraction, at: time)
    let pause = told == what ? Self.linesApart : 1
    let isTold = onStep != nil && (fraction == nil && told != what || time - lastTold >= pause)
    guard isDrawn || isTold else { return }
    let step = StepRecord(
      stage: stage, step: what, fraction: fraction,
      secondsLeft: seconds(left, fraction, at: time),
      detail: detail(), isPreparation: isPreparation)
    if isDrawn { draw(step, at: time) }
    if isTold {
      (told, lastTold) = (what, time)
      onStep?(step)
    }
  }

  /// Whether to show the step to the user again now.
  private func isDue(_ what: String, _ fraction: Double?, at time: Double) -> Bool {
    switch progress {
    // A step without progress is announced once.
    case .lines where fraction == nil, .bar where fraction == nil: return complete != what
    case .none, .auto: return false
    case .lines: return time - lastDrawn >= Self.linesApart
    case .bar:
      return fraction ?? 0 >= 1 ? complete != what : time - lastDrawn >= 0.1
    }
  }

  /// The seconds until the end of a step; nil if they cannot be known yet.
  private func seconds(_ left: TimeLeft, _ fraction: Double?, at time: Double) -> Double? {
    if case .known(let seconds) = left { return seconds }
    guard let fraction, let first, fraction > first.fraction, time > first.time else { return nil }
    return (1 - fraction) * (time - first.time) / (fraction - first.fraction)
  }

  private func draw(_ step: StepRecord, at time: Double) {
    lastDrawn = time
    let isComplete = step.fraction ?? 1 >= 1
    complete = isComplete ? step.step : nil
    let percent = step.fraction.map { String(format: "%3d %%", Int($0 * 100)) }
    let left = step.secondsLeft.flatMap { $0 > 0 ? readable(seconds: $0) + " left" : nil }
    if progress == .lines {
      let parts = [step.step + (percent.map { " \($0)" } ?? ""), step.detail, left]
      StandardStream.error.write(parts.compactMap { $0 }.joined(separator: "  ") + "\n")
      return
    }
    let width = 30
    let bar = step.fraction.map { fraction in
      let filled = min(width, Int(fraction * Double(width)))
      return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    }
    let head = [step.step, bar, percent].compactMap { $0 }.joined(separator: " ")
    let parts = [head, step.detail, left].compactMap { $0 }
    StandardStream.error.write("\r\(parts.joined(separator: "  "))\u{1B}[K")
    barIsOpen = true
    if isComplete { closeBar() }
  }

  private func closeBar() {
    guard barIsOpen else { return }
    barIsOpen = false
    StandardStream.error.write("\n")
  }
}
