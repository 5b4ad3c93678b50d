/// The progress of a job, its speed, and the time that is left.
///
/// Pure: the caller gives amounts of work (in any unit, such as entries) and times (in seconds of
/// any clock that does not jump).
public struct ProgressMeter: Sendable {
  /// The figures at one moment; values that cannot be known yet are nil.
  public struct Reading: Equatable, Sendable {
    /// The fraction of all work that is done, from 0 to 1.
    public let fraction: Double
    /// Work per second within the window; nil until as many pieces are done as are worked on at the same time.
    public let rate: Double?
    /// Work per second since the start of this run; nil if `rate` is nil.
    public let averageRate: Double?
    /// The seconds until everything is done, at the present rate, or at the average rate if nothing
    /// was finished within the window.
    public let remaining: Double?
  }

  private let total: Int
  private let pieces: Int
  private var piecesDone = 0
  private let start: Double
  private let window: Double
  private var samples: [(time: Double, done: Int)]

  /// Creates a meter for a run that starts now.
  ///
  /// - Parameters:
  ///   - total: the amount of all work.
  ///   - pieces: the number of pieces of work that are worked on at the same time. The first
  ///     finished piece shows how long a piece takes, but not how many pieces are finished in that time.
  ///   - time: the present time, in seconds.
  ///   - window: the seconds over which the present rate is measured.
  public init(total: Int, pieces: Int = 1, at time: Double, window: Double = 60) {
    precondition(total >= 0 && pieces > 0 && window > 0)
    (self.total, self.pieces, self.start, self.window) = (total, pieces, time, window)
    samples = [(time, 0)]
  }

  private var done: Int { samples.last?.done ?? 0 }

  /// Records that a piece of work was done. A time before the last one counts as the last one.
  public mutating func add(_ work: Int, at time: Double) {
    precondition(work >= 0)
    piecesDone += 1
    let time = max(time, samples.last?.time ?? start)
    // Samples closer than 1/64 of the window are merged, so that their number stays small.
    if samples.count > 1, time - samples[samples.count - 2].time < window / 64 {
      samples[samples.count - 1] = (time, done + work)
    } else {
      samples.append((time, done + work))
    }
    // One sample at or before the beginning of the window is kept. It gives the level at which the window starts.
    let begin = time - window
    if let first = samples.firstIndex(where: { $0.time > begin }), first > 1 {
      samples.removeFirst(first - 1)
    }
  }

  /// The figures at a time, which may be later than the last work.
  public func reading(at time: Double) -> Reading {
    let time = max(time, samples.last?.time ?? start)
    let fraction = total == 0 ? 1 : min(1, Double(done) / Double(total))
    if done < total, piecesDone < pieces {
      return Reading(fraction: fraction, rate: nil, averageRate: nil, remaining: nil)
    }
    let average = rate(from: start, level: 0, to: time)
    // If a window starts in the middle of a tile, use the beginning of that tile.
    let level = samples.last { $0.time <= time - window } ?? samples[0]
    let now = rate(from: level.time, level: level.done, to: time)
    let left = total - done
    let speed = now.flatMap { $0 > 0 ? $0 : nil } ?? average
    let remaining: Double? =
      if left <= 0 { 0 } else { speed.flatMap { $0 > 0 ? Double(left) / $0 : nil } }
    return Reading(fraction: fraction, rate: now, averageRate: average, remaining: remaining)
  }

  private func rate(from begin: Double, level: Int, to time: Double) -> Double? {
    time > begin ? Double(done - level) / (time - begin) : nil
  }
}
