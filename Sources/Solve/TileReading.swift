import DistributedAlgebra
import MessagePassing
import RankProgram
import Results

/// Shows how many tiles have been read, and the rate. This rank's progress in its share stands for that of all ranks.
struct TileReading {
  private let share: TileShare
  private let console: Console?
  private let what: String
  private let start = MPIEnvironment.seconds

  /// - Parameters:
  ///   - purpose: The purpose of reading the tiles, such as "reading".
  ///   - console: Where to show progress, or nil if a longer step shows its own progress.
  init(_ share: TileShare, _ purpose: String, on console: Console?) {
    (self.share, self.console) = (share, console)
    what = "\(purpose) \(share.name)"
  }

  /// Shows progress before tile number `number` of the share is read. Local.
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
  /// Reads all tiles of the share one after the other, and shows the progress.
  ///
  /// Local. Errors: a tile is missing or damaged.
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
