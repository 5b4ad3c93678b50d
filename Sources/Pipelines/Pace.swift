import Foundation
import Results

/// How fast the tiles of a store have come, from the ages of their files.
struct Pace {
  private let done: Int
  private let total: Int
  /// Of every tile the seconds since it came, and its pairs of images.
  private var ages: [(age: Double, pairs: Int)] = []

  private static let minute = 60.0
  /// Without a tile for so long, the run has stopped; an average does not count this time.
  private static let pause = 600.0

  init(done: Int, total: Int) { (self.done, self.total) = (done, total) }

  /// Takes the tiles of a file, as if they came one after the other in equal times.
  ///
  /// - Parameters:
  ///   - pairs: of images, of each tile.
  ///   - first: seconds since the first of them came.
  ///   - last: seconds since the last one came.
  mutating func add(_ pairs: [Int], from first: Double, to last: Double) {
    guard first.isFinite, last.isFinite else { return }
    let step = max(first - last, 0) / Double(max(pairs.count - 1, 1))
    for (number, pairs) in pairs.enumerated() {
      ages.append((max(first - Double(number) * step, 0), pairs))
    }
  }

  /// For the user; nothing before the first tile.
  var lines: [String] {
    let sorted = ages.sorted { $0.age < $1.age }
    guard let last = sorted.first else { return [] }
    // The present session: back to the last long pause.
    var session: [(age: Double, pairs: Int)] = []
    for tile in sorted {
      if let before = session.last, tile.age - before.age > Self.pause { break }
      session.append(tile)
    }
    let isComplete = done >= total
    let begin = session.last?.age ?? last.age
    let end = isComplete ? last.age : 0
    let pairs = session.reduce(0) { $0 + $1.pairs }
    let average = begin > end ? Double(pairs) / max(begin - end, 1) : 0
    var lines: [String] = []
    if isComplete {
      lines.append(String(format: "rate      %.3g pairs/s on average", average))
    } else {
      let span = min(Self.minute, max(begin, 1))
      let now = Double(sorted.filter { $0.age <= span }.reduce(0) { $0 + $1.pairs }) / span
      lines.append(
        String(format: "rate      now %.3g pairs/s, on average %.3g pairs/s", now, average))
      let rate = now > 0 ? now : average
      lines.append(
        last.age < Self.pause && rate > 0
          ? "left      " + readable(seconds: Double(total - done) / rate)
          : "left      the last tile came \(readable(seconds: last.age)) ago: is the run still active?"
      )
    }
    return lines
  }
}
