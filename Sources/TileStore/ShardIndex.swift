import DurableFiles

/// The table at the end of a shard, which says where the bytes of each tile lie: of every place an
/// offset and a number of bytes, both 2^64 - 1 where no tile is, then the table's CRC-32C. All is
/// little endian.
///
/// Source: Zarr v3, codec `sharding_indexed`.
struct ShardIndex {
  private var bytes: [UInt8]

  /// Bytes of the table of a shard with room for so many tiles.
  static func byteCount(tiles: Int) -> Int { 16 * tiles + 4 }

  /// A table without tiles.
  init(tiles: Int) { bytes = Array(repeating: 0xFF, count: ShardIndex.byteCount(tiles: tiles)) }

  /// Reads a table; nil where its checksum is wrong.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4 else { return nil }
    self.bytes = bytes
    guard bytes.suffix(4) == checksum[...] else { return nil }
  }

  /// Where a tile lies; nil where there is none. Offsets and sizes beyond the largest `Int` count as
  /// that.
  subscript(place: Int) -> (offset: Int, count: Int)? {
    get {
      let (offset, count) = (word(2 * place), word(2 * place + 1))
      guard offset != .max || count != .max else { return nil }
      return (Int(clamping: offset), Int(clamping: count))
    }
    set {
      setWord(2 * place, newValue.map { UInt64($0.offset) } ?? .max)
      setWord(2 * place + 1, newValue.map { UInt64($0.count) } ?? .max)
    }
  }

  /// How many tiles there are.
  var count: Int { (0..<(bytes.count - 4) / 16).count { word(2 * $0 + 1) != .max } }

  /// The table as it is in the file.
  var encoded: [UInt8] { bytes.dropLast(4) + checksum }

  private var checksum: [UInt8] {
    let value = bytes.withUnsafeBytes {
      CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0.dropLast(4)))
    }
    return (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private func word(_ index: Int) -> UInt64 {
    bytes.withUnsafeBytes {
      UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
  }

  private mutating func setWord(_ index: Int, _ value: UInt64) {
    bytes.withUnsafeMutableBytes {
      $0.storeBytes(of: value.littleEndian, toByteOffset: 8 * index, as: UInt64.self)
    }
  }
}
