import Foundation
import Results

/// How fast the tiles of a store have come, from the ages of their files.
package struct Pace {
  private let done: Int
  private let total: Int
  /// Seconds since each job's work on the tiles began.
  private let starts: [Double]
  /// Of every tile the seconds since it came, and its pairs of images.
  private var ages: [(age: Double, pairs: Int)] = []

  private static let minute = 60.0
  /// The speed at present is that of a minute, or of so many tiles where they take longer.
  private static let severalTiles = 8
  /// Without a tile for so long, the run has stopped; an average does not count this time.
  private static let pause = 600.0

  /// - Parameters:
  ///   - done: pairs of images of the tiles that are there.
  ///   - total: pairs of images of all tiles.
  ///   - starts: seconds since each job's work on them began.
  package init(done: Int, total: Int, starts: [Double] = []) {
    (self.done, self.total, self.starts) = (done, total, starts)
  }

  /// Takes the tiles of a file, as if they came one after the other in equal times.
  ///
  /// - Parameters:
  ///   - pairs: of images, of each tile.
  ///   - first: seconds since the first of them came.
  ///   - last: seconds since the last one came.
  package mutating func add(_ pairs: [Int], from first: Double, to last: Double) {
    guard first.isFinite, last.isFinite else { return }
    let step = max(first - last, 0) / Double(max(pairs.count - 1, 1))
    for (number, pairs) in pairs.enumerated() {
      ages.append((max(first - Double(number) * step, 0), pairs))
    }
  }

  /// Pairs of images a second: now, and over the present session; nil before the first tile.
  private var rates: (now: Double, average: Double, lastAge: Double)? {
    let sorted = ages.sorted { $0.age < $1.age }
    guard let last = sorted.first else { return nil }
    // The present session: back to the last long pause.
    var session: [(age: Double, pairs: Int)] = []
    for tile in sorted {
      if let before = session.last, tile.age - before.age > Self.pause { break }
      session.append(tile)
    }
    let oldest = session.last?.age ?? last.age
    // The work on the oldest one is part of the session, where its start is known.
    let begin = starts.filter { $0 >= oldest && $0 - oldest <= Self.pause }.min() ?? oldest
    let end = isComplete ? last.age : 0
    let pairs = session.reduce(0) { $0 + $1.pairs }
    let average = begin > end ? Double(pairs) / max(begin - end, 1) : 0
    let several = session.prefix(Self.severalTiles).last?.age ?? 0
    let span = min(max(Self.minute, several), max(begin, 1))
    let now = Double(session.filter { $0.age <= span }.reduce(0) { $0 + $1.pairs }) / span
    return (now, average, last.age)
  }

  private var isComplete: Bool { done >= total }

  /// Pairs of images a second, at present or else on average; nil before the first tile.
  package var rate: Double? {
    rates.map { !isComplete && $0.now > 0 ? $0.now : $0.average }
  }

  /// nil where nothing is left, or no tile came for long.
  package var secondsLeft: Double? {
    guard let rates, let rate, !isComplete, rates.lastAge < Self.pause, rate > 0 else { return nil }
    return Double(total - done) / rate
  }

  /// For the user; nothing before the first tile.
  ///
  /// - Parameter isActive: whether a job works on the run; else nothing is said of now.
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
