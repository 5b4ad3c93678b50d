import Foundation
import Results

/// How fast the tiles of a store were finished, derived from the ages of their files.
package struct Pace {
  private let done: Int
  private let total: Int
  /// The seconds since each job began to work on the tiles.
  private let starts: [Double]
  /// For each tile, the seconds since it was finished and its number of pairs of images.
  private var ages: [(age: Double, pairs: Int)] = []

  private static let minute = 60.0
  /// The present speed is measured over a minute, or over this many tiles if they take longer.
  private static let severalTiles = 8
  /// If no tile is finished for this many seconds, the run has stopped. Averages do not include such a pause.
  private static let pause = 600.0

  /// - Parameters:
  ///   - done: the number of pairs of images in the finished tiles.
  ///   - total: the number of pairs of images in all tiles.
  ///   - starts: the seconds since each job began to work on the tiles.
  package init(done: Int, total: Int, starts: [Double] = []) {
    (self.done, self.total, self.starts) = (done, total, starts)
  }

  /// Adds the tiles of a file, as if they were finished one after the other in equal times.
  ///
  /// - Parameters:
  ///   - pairs: the number of pairs of images in each tile.
  ///   - first: the seconds since the first tile was finished.
  ///   - last: the seconds since the last tile was finished.
  package mutating func add(_ pairs: [Int], from first: Double, to last: Double) {
    guard first.isFinite, last.isFinite else { return }
    let step = max(first - last, 0) / Double(max(pairs.count - 1, 1))
    for (number, pairs) in pairs.enumerated() {
      ages.append((max(first - Double(number) * step, 0), pairs))
    }
  }

  /// The pairs of images per second, now and over the present session; nil before the first tile.
  private var rates: (now: Double, average: Double, lastAge: Double)? {
    let sorted = ages.sorted { $0.age < $1.age }
    guard let last = sorted.first else { return nil }
    // The present session goes back to the last long pause.
    var session: [(age: Double, pairs: Int)] = []
    for tile in sorted {
      if let before = session.last, tile.age - before.age > Self.pause { break }
      session.append(tile)
    }
    let oldest = session.last?.age ?? last.age
    // The work on the oldest tile is part of the session if its start is known.
    let begin = starts.filter { $0 >= oldest && $0 - oldest <= Self.pause }.min() ?? oldest
    let end = isComplete ? last.age : 0
    let pairs = session.reduce(0) { $0 + $1.pairs }
    let average = begin > end ? Double(pairs) / max(begin - end, 1) : 0
    let several = session.prefix(Self.severalTiles).last?.age ?? 0
    let window = max(Self.minute, several)
    // A session that is not longer counts from its start. Of a longer one, the tile at the beginning of the window
    // was computed before it.
    let isWhole = oldest <= window
    let span = isWhole ? max(begin, 1) : window
    let recent = session.filter { isWhole || $0.age < window }
    let now = Double(recent.reduce(0) { $0 + $1.pairs }) / span
    return (now, average, last.age)
  }

  private var isComplete: Bool { done >= total }

  /// The pairs of images per second at present, or else on average; nil before the first tile.
  package var rate: Double? {
    rates.map { !isComplete && $0.now > 0 ? $0.now : $0.average }
  }

  /// The seconds left; nil if nothing is left or no tile was finished for long.
  package var secondsLeft: Double? {
    guard let rates, let rate, !isComplete, rates.lastAge < Self.pause, rate > 0 else { return nil }
    return Double(total - done) / rate
  }

  /// The lines for the user; empty before the first tile.
  ///
  /// - Parameter isActive: whether a job works on the run; if not, the lines do not mention the present rate.
  package func lines(isActive: Bool) -> [String] {
    guard let rates else { return [] }
    guard isActive, !isComplete else {
      return [String(format: "rate      %.3g pairs/s on average", rates.average)]
    }
    return [
      String(
        format: "rate      now %.3g pairs/s, on average %.3g pairs/s", rates.now, rates.average),
      "left      "
        + (secondsLeft.map { readable(seconds: $0) }
          ?? "the last tile came \(readable(seconds: rates.lastAge)) ago"),
    ]
  }
}
