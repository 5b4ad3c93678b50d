import DistributedAlgebra
import MessagePassing
import RankProgram
import Results

/// How far a rank is in its share of an array's tiles, shown as that of all ranks, with the rate.
struct TileReading {
  private let share: TileShare
  private let console: Console?
  private let what: String
  private let start = MPIEnvironment.seconds

  /// - Parameters:
  ///   - purpose: what the tiles are read for, such as "reading".
  ///   - console: nil where a longer step shows its own progress.
  init(_ share: TileShare, _ purpose: String, on console: Console?) {
    (self.share, self.console) = (share, console)
    what = "\(purpose) \(share.name)"
  }

  /// Shows that a tile of the share comes next. Local.
  func show(_ number: Int) {
    guard let console else { return }
    let now = MPIEnvironment.seconds
    let done = number * share.readers
    console.show(
      what, fraction: Double(number) / Double(share.count), isPreparation: true,
      detail: detail(done, seconds: now - start), at: now)
  }

  private func detail(_ done: Int, seconds: Double) -> String {
    let tiles = "\(done) of \(share.count * share.readers) tiles"
    guard done > 0, seconds > 0 else { return tiles }
    let rate = Double(done * share.storedTileBytes) / seconds
    return "\(tiles), \(readable(bytes: Int(rate)))/s"
  }
}

extension TileShare {
  /// Reads all tiles of the share one after the other, and shows how far that is.
  ///
  /// Local. Errors: a tile that is missing or damaged.
  func forEach(
    _ purpose: String, on console: Console?, _ body: (DenseTile) throws -> Void
  ) throws {
    let reading = TileReading(self, purpose, on: console)
    for number in 0..<count {
      reading.show(number)
      try body(read(number))
    }
  }
}
