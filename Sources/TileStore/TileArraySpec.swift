import Tiling

/// The description of an array of tiles, independent of any file.
public struct TileArraySpec: Equatable, Sendable {
  /// The storage type of a value in a file; in memory it is always a Double.
  public enum Storage: String, Sendable, CaseIterable {
    case float64, float32

    /// The number of bytes of a value.
    public var bytes: Int { self == .float64 ? 8 : 4 }
  }

  /// The array's shape and its tiles.
  public let grid: TileGrid

  /// How values are stored.
  public let storage: Storage

  /// Everything that the values depend on.
  public let fingerprint: Fingerprint

  /// The shards that finished tiles are packed into: a coarser grid over the same array, in which
  /// each shard consists of whole tiles. nil if every tile stays in a file of its own.
  public let shards: TileGrid?

  /// Describes an array.
  public init(
    grid: TileGrid, storage: Storage = .float64, fingerprint: Fingerprint, shards: TileGrid? = nil
  ) {
    (self.grid, self.storage, self.fingerprint) = (grid, storage, fingerprint)
    self.shards = shards
  }

  /// The number of entries of a stored tile, including padding.
  public var entriesPerTile: Int { grid.tileRows * grid.tileColumns }

  /// The number of bytes of a stored tile: the values and four bytes of checksum.
  public var bytesPerTile: Int { entriesPerTile * storage.bytes + 4 }

  /// The number of bytes of a shard with all of its tiles and its index; 0 without shards.
  public var bytesPerShard: Int {
    guard let shards else { return 0 }
    let tiles = shards.tileRows / grid.tileRows * (shards.tileColumns / grid.tileColumns)
    return tiles * (bytesPerTile + 16) + 4
  }
}
