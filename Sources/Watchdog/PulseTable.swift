/// Records when ranks were last heard, and finds overdue ranks. Times are seconds of any one clock.
///
/// A listener that was itself suspended (a suspended job, a closed laptop) would find all ranks
/// overdue. So a long time between two of its looks does not count.
public struct PulseTable: Sendable {
  /// The seconds of silence after which a rank is overdue.
  public let timeout: Double

  private var lastHeard: [Int: Double] = [:]
  private var lastLook: Double
  /// The total time that the listener has slept. All other times in the table exclude it.
  private var slept = 0.0

  /// Creates a table without ranks.
  public init(timeout: Double, at time: Double) {
    self.timeout = timeout
    lastLook = time
  }

  /// Records that a rank was heard. From now on it can become overdue.
  ///
  /// - Returns: whether the rank was heard for the first time.
  @discardableResult
  public mutating func hear(_ rank: Int, at time: Double) -> Bool {
    look(at: time)
    return lastHeard.updateValue(time - slept, forKey: rank) == nil
  }

  /// Records that a rank leaves. It can no longer become overdue.
  public mutating func dismiss(_ rank: Int) { lastHeard[rank] = nil }

  /// The ranks that have been silent for too long, in ascending order, with the seconds of their silence.
  public mutating func overdue(at time: Double) -> [(rank: Int, seconds: Double)] {
    look(at: time)
    return lastHeard.map { ($0.key, time - slept - $0.value) }.filter { $0.1 > timeout }
      .sorted { $0.0 < $1.0 }
  }

  /// Counts a gap of more than half the timeout between two looks as sleep.
  private mutating func look(at time: Double) {
    let gap = time - lastLook
    if gap > timeout / 2 { slept += gap }
    lastLook = max(lastLook, time)
  }
}
