/// When ranks were last heard from, and which are overdue. Times are seconds on any one clock.
///
/// A listener that was suspended itself (a suspended job, a closed laptop) would find all ranks
/// overdue. So a long time between two of its looks does not count.
public struct PulseTable: Sendable {
  /// Seconds of silence after which a rank is overdue.
  public let timeout: Double

  private var lastHeard: [Int: Double] = [:]
  private var lastLook: Double
  /// How long the listener has slept in all, which no time in the table includes.
  private var slept = 0.0

  /// A table without ranks.
  public init(timeout: Double, at time: Double) {
    self.timeout = timeout
    lastLook = time
  }

  /// Notes that a rank was heard from; from now on it can be overdue.
  ///
  /// - Returns: whether it is the first time.
  @discardableResult
  public mutating func hear(_ rank: Int, at time: Double) -> Bool {
    look(at: time)
    return lastHeard.updateValue(time - slept, forKey: rank) == nil
  }

  /// Notes that a rank leaves; it cannot be overdue any more.
  public mutating func dismiss(_ rank: Int) { lastHeard[rank] = nil }

  /// The ranks that have been silent for too long, ascending, with the seconds.
  public mutating func overdue(at time: Double) -> [(rank: Int, seconds: Double)] {
    look(at: time)
    return lastHeard.map { ($0.key, time - slept - $0.value) }.filter { $0.1 > timeout }
      .sorted { $0.0 < $1.0 }
  }

  /// Counts a gap of half the timeout between two looks as sleep.
  private mutating func look(at time: Double) {
    let gap = time - lastLook
    if gap > timeout / 2 { slept += gap }
    lastLook = max(lastLook, time)
  }
}
