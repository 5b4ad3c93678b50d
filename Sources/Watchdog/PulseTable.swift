/// When some ranks were last heard from, and who is overdue. Times are seconds on any one clock.
///
/// A listener that slept itself (a suspended job, a laptop's lid) would find everyone overdue: time
/// that passed between two of its looks counts only so far as it can have listened.
public struct PulseTable: Sendable {
  /// Seconds of silence after which a rank is overdue.
  public let timeout: Double

  private var lastHeard: [Int: Double] = [:]
  private var lastLook: Double
  /// How long the listener has slept in all; times are kept without it.
  private var slept = 0.0

  /// A table in which nobody is awaited yet.
  public init(timeout: Double, at time: Double) {
    self.timeout = timeout
    lastLook = time
  }

  /// The ranks that are awaited.
  public var count: Int { lastHeard.count }

  /// A rank was heard from, and is awaited from now on.
  ///
  /// - Returns: whether for the first time.
  @discardableResult
  public mutating func hear(_ rank: Int, at time: Double) -> Bool {
    look(at: time)
    return lastHeard.updateValue(time - slept, forKey: rank) == nil
  }

  /// A rank said that it leaves, and is not awaited any more.
  public mutating func dismiss(_ rank: Int) { lastHeard[rank] = nil }

  /// The ranks that have been silent for too long, ascending, with the seconds.
  public mutating func overdue(at time: Double) -> [(rank: Int, seconds: Double)] {
    look(at: time)
    return lastHeard.map { ($0.key, time - slept - $0.value) }.filter { $0.1 > timeout }
      .sorted { $0.0 < $1.0 }
  }

  /// A gap of half the timeout between two looks is sleep.
  private mutating func look(at time: Double) {
    let gap = time - lastLook
    if gap > timeout / 2 { slept += gap }
    lastLook = max(lastLook, time)
  }
}
