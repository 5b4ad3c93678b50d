import DurableFiles
import Foundation
import MessagePassing
import RankProgram

/// Measures how fast all ranks together write to the folder.
enum FileSpeedCheck {
  /// The seconds of each measurement.
  private static let time = 0.7
  /// The maximum numbers of files that each rank writes and that all ranks together write.
  private static let tiles = (each: 50, all: 10_000)
  private static let files = (each: 500, all: 20_000)
  private static let fileBytes = 4096

  /// Writes small tiles as a run does: a temporary name, a flush, a rename. Collective.
  static func flushes(_ site: Site, _ folder: TestFolder) throws -> [Finding] {
    let content = [UInt8](repeating: 7, count: fileBytes)
    var times: [Double] = []
    try site.world.barrier()
    let start = Site.seconds
    let most = max(2, min(tiles.each, tiles.all / site.ranks.count))
    func name(_ number: Int) -> String { folder.file("tile-\(site.ranks.rank)", number) }
    try site.ranks.agree {
      repeat {
        let begin = Site.seconds
        try Disk().publish(content, to: name(times.count), flushesFolder: false)
        times.append(Site.seconds - begin)
      } while times.count < most && Site.goesOn(until: start + time)
    }
    let rate = Double(times.count) / max(Site.seconds - start, 1e-9)
    for number in times.indices { unlink(name(number)) }
    guard let figures = try site.gather(times.sorted()[times.count / 2], rate) else { return [] }
    let (median, total) = (figures.map { $0[0] }.sorted()[figures.count / 2], sum(figures, 1))
    let isSlow = total < 20
    var finding = Finding(
      "flush", "\(duration(median)) a file; \(short(total)) tiles/s from \(ranks(site))",
      lookIf: isSlow, advice: "use scratch instead of home, or larger tiles")
    finding.nodes = site.nodes.map { name, ranks in
      (name, "\(duration(ranks.map { figures[$0][0] }.max() ?? 0)) a file at most")
    }
    return [finding]
  }

  /// Creates and removes small files. Collective.
  static func smallFiles(_ site: Site, _ folder: TestFolder) throws -> [Finding] {
    let content = [UInt8](repeating: 7, count: fileBytes)
    var count = 0
    try site.world.barrier()
    let start = Site.seconds
    try site.ranks.agree {
      func name(_ number: Int) -> String { folder.file("small-\(site.ranks.rank)", number) }
      let most = max(2, min(files.each, files.all / site.ranks.count))
      while count < most, Site.goesOn(until: start + time) {
        let descriptor = open(name(count), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0, write(descriptor, content, fileBytes) == fileBytes,
          close(descriptor) == 0
        else { throw FileError(operation: .create, path: name(count), code: errno) }
        count += 1
      }
      for number in 0..<count {
        guard unlink(name(number)) == 0 else {
          throw FileError(operation: .remove, path: name(number), code: errno)
        }
      }
    }
    let rate = Double(count) / max(Site.seconds - start, 1e-9)
    guard let figures = try site.gather(rate) else { return [] }
    let total = sum(figures, 0)
    let isSlow = total < 50
    return [
      Finding(
        "small files", "\(short(total)) created and removed a second by \(ranks(site))",
        lookIf: isSlow, advice: "use another file system, or larger tiles")
    ]
  }

  /// Writes a large file on every rank; another rank reads it back. Collective.
  static func bandwidth(_ site: Site, _ folder: TestFolder) throws -> [Finding] {
    let (rank, count) = (site.ranks.rank, site.ranks.count)
    let pieces = max(1, min(32, 256 / count))
    var written = 0
    try site.world.barrier()
    let start = Site.seconds
    try site.ranks.agree {
      try Disk().publish(to: folder.file("large", rank), flushesFolder: false) {
        (file) throws(FileError) in
        repeat {
          try writePiece(rank, written, to: file)
          written += 1
        } while written < pieces && Site.goesOn(until: start + time)
      }
    }
    let writing = Site.seconds - start
    // Read the file of the rank half way round, which is usually on another node.
    let source = (rank + count / 2) % count
    let sizes = try site.world.broadcast((try site.world.gather([written]) ?? []).flatMap { $0 })
    var reading = 0.0
    let isRight = try site.ranks.agree { () throws -> Bool in
      let begin = Site.seconds
      let found = try Disk().read(folder.file("large", source))
      reading = Site.seconds - begin
      return isContent(of: source, sizes[source], found) && !site.isBroken("bandwidth")
    }
    let bytes = (Double(written << 20), Double(sizes[source] << 20))
    guard
      let figures = try site.gather(
        bytes.0 / writing * 1e-9, bytes.1 / reading * 1e-9, isRight ? 1 : 0)
    else { return [] }
    if let wrong = figures.firstIndex(where: { $0[2] == 0 }) {
      let writer = (wrong + count / 2) % count
      return [
        Finding(
          "bandwidth", "\(site.name(wrong)) reads other bytes than \(site.name(writer)) wrote",
          .bad,
          advice: "use another file system, and tell who runs this one")
      ]
    }
    let isSlow = sum(figures, 0) < 0.02
    var finding = Finding(
      "bandwidth",
      "writes \(short(sum(figures, 0))) GB/s, reads \(short(sum(figures, 1))) GB/s by \(ranks(site))",
      lookIf: isSlow, advice: "use scratch instead of home")
    finding.nodes = site.nodes.map { name, ranks in
      (name, "writes \(short(ranks.reduce(0) { $0 + figures[$1][0] })) GB/s")
    }
    return [finding]
  }

  /// Writes the next MiB of a rank's file.
  private static func writePiece(
    _ rank: Int, _ number: Int, to file: borrowing PendingFile
  ) throws(FileError) {
    let words = piece(of: rank, number)
    try words.withUnsafeBufferPointer { (buffer) throws(FileError) in
      try file.write(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Whether the bytes are those that a rank has written.
  private static func isContent(of rank: Int, _ count: Int, _ found: [UInt8]) -> Bool {
    found.count == count << 20
      && (0..<count).allSatisfy { number in
        found.withUnsafeBytes { bytes in
          piece(of: rank, number).withUnsafeBytes {
            $0.elementsEqual(bytes[number << 20..<(number + 1) << 20])
          }
        }
      }
  }

  /// A MiB that differs from every other piece.
  private static func piece(of rank: Int, _ number: Int) -> [UInt64] {
    let first = UInt64(rank) << 40 | UInt64(number) << 20
    return (0..<(1 << 17)).map { (first | $0) &* 0x9e37_79b9_7f4a_7c15 }
  }

  private static func sum(_ figures: [[Double]], _ place: Int) -> Double {
    figures.reduce(0) { $0 + $1[place] }
  }

  private static func ranks(_ site: Site) -> String {
    site.ranks.count == 1 ? "one rank" : "\(site.ranks.count) ranks"
  }
}
