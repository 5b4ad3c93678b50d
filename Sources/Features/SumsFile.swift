import DurableFiles
import Failures

/// A file with the sums of some tiles, each with its checksum. One rank keeps such a file for a restart.
package enum SumsFile {
  /// Identifies a tile and its grid.
  package struct Key: Hashable, Sendable {
    package let grid: Int
    package let it: Int
    package let jt: Int

    package init(grid: Int, it: Int, jt: Int) { (self.grid, self.it, self.jt) = (grid, it, jt) }
  }

  /// The place of a tile's sums in the file.
  package struct Place: Equatable, Sendable {
    package let key: Key
    package let offset: Int
    package let count: Int
    let checksum: UInt32

    package var words: [Int] { [key.grid, key.it, key.jt, offset, count, Int(checksum)] }

    package init?(words: ArraySlice<Int>) {
      let words = Array(words)
      guard words.count == 6, let checksum = UInt32(exactly: words[5]) else { return nil }
      self.init(
        key: Key(grid: words[0], it: words[1], jt: words[2]), offset: words[3], count: words[4],
        checksum: checksum)
    }

    init(key: Key, offset: Int, count: Int, checksum: UInt32) {
      self.key = key
      (self.offset, self.count, self.checksum) = (offset, count, checksum)
    }
  }

  private static let magic: UInt64 = 0x3130_534D_5553_4B4E

  /// Publishes the sums of tiles durably.
  ///
  /// Local. Errors: `FileError`.
  package static func write(
    _ sums: [(key: Key, values: UnsafeBufferPointer<Double>)], to path: String,
    disk: Disk = Disk()
  ) throws(FileError) {
    var offset = 8 * (3 + 6 * sums.count)
    var header = [magic, UInt64(sums.count)]
    for (key, values) in sums {
      let bytes = UnsafeRawBufferPointer(values)
      let place = Place(
        key: key, offset: offset, count: values.count, checksum: CRC32C.checksum(bytes))
      header += place.words.map { UInt64($0) }
      offset += bytes.count
    }
    header.append(UInt64(header.withUnsafeBytes { CRC32C.checksum($0) }))
    try disk.publish(to: path) { (file) throws(FileError) in
      try header.withUnsafeBufferPointer { (buffer) throws(FileError) in
        try file.write(UnsafeRawBufferPointer(buffer))
      }
      for (_, values) in sums {
        try file.write(UnsafeRawBufferPointer(values))
      }
    }
  }

  /// The places of the tiles in a file.
  ///
  /// Local. Errors: `FileError`; a file that is damaged.
  package static func places(in path: String) throws -> [Place] {
    let file = try ReadableFile(path)
    let start = try words(2, of: file)
    guard start[0] == magic, start[1] <= UInt64(file.size) / 48 else { throw damaged(path) }
    let count = Int(start[1])
    let all = try words(3 + 6 * count, of: file)
    let header = Array(all.dropLast())
    guard UInt64(header.withUnsafeBytes { CRC32C.checksum($0) }) == all[all.count - 1] else {
      throw damaged(path)
    }
    return try (0..<count).map { index in
      let words = header[(2 + 6 * index)..<(8 + 6 * index)].map { Int(truncatingIfNeeded: $0) }
      guard let place = Place(words: words[...]) else { throw damaged(path) }
      return place
    }
  }

  /// The first words of a file.
  private static func words(_ count: Int, of file: borrowing ReadableFile) throws -> [UInt64] {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 * count, alignment: 8)
    defer { bytes.deallocate() }
    guard try file.read(bytes, at: 0) == bytes.count else { throw damaged(file.path) }
    return Array(bytes.bindMemory(to: UInt64.self))
  }

  /// Reads a tile's sums and verifies them.
  ///
  /// Local. Errors: `FileError`; damaged sums; `values` of another size than the sums.
  package static func read(
    _ place: Place, in path: String, into values: UnsafeMutableBufferPointer<Double>
  ) throws {
    guard values.count == place.count else { throw damaged(path) }
    let bytes = UnsafeMutableRawBufferPointer(values)
    let read = try ReadableFile(path).read(bytes, at: place.offset)
    guard read == bytes.count, CRC32C.checksum(UnsafeRawBufferPointer(bytes)) == place.checksum
    else { throw damaged(path) }
  }

  private static func damaged(_ path: String) -> Refusal {
    Refusal(.badData, "\(path) is damaged, and the sums so far with it")
  }
}
