import DurableFiles

/// The table at the end of a shard, which says where the bytes of each tile are. It has an offset
/// and a number of bytes for every tile (both 2^64 - 1 if the tile is missing), and then the
/// CRC-32C of the table. All numbers are little-endian.
///
/// Source: Zarr v3, codec `sharding_indexed`.
struct ShardIndex {
  private var bytes: [UInt8]

  /// The size in bytes of the table of a shard with room for `tiles` tiles.
  static func byteCount(tiles: Int) -> Int { 16 * tiles + 4 }

  /// Creates a table without tiles.
  init(tiles: Int) { bytes = Array(repeating: 0xFF, count: ShardIndex.byteCount(tiles: tiles)) }

  /// Reads a table; nil if its checksum is wrong.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 4 else { return nil }
    self.bytes = bytes
    guard bytes.suffix(4) == checksum[...] else { return nil }
  }

  /// The offset and the size of a tile; nil if the tile is missing. Offsets and sizes beyond the
  /// largest `Int` are replaced by the largest `Int`.
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

  /// The number of tiles in the shard.
  var count: Int { (0..<(bytes.count - 4) / 16).count { word(2 * $0 + 1) != .max } }

  /// The table as it is stored in the file.
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
