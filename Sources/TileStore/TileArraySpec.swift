import Tiling

/// What an array of tiles is, before and apart from any file.
public struct TileArraySpec: Equatable, Sendable {
  /// How a value lies in the file; in memory it is always a Double.
  public enum Storage: String, Sendable, CaseIterable {
    case float64, float32

    /// Bytes of a value.
    public var bytes: Int { self == .float64 ? 8 : 4 }
  }

  /// The array's shape and its tiles.
  public let grid: TileGrid

  /// How values are stored.
  public let storage: Storage

  /// What the values depend on.
  public let fingerprint: Fingerprint

  /// The shards that finished tiles are packed into: a coarser grid over the same array, each of its
  /// tiles made of whole tiles. Nil where every tile stays a file of its own.
  public let shards: TileGrid?

  /// Describes an array.
  public init(
    grid: TileGrid, storage: Storage = .float64, fingerprint: Fingerprint, shards: TileGrid? = nil
  ) {
    (self.grid, self.storage, self.fingerprint) = (grid, storage, fingerprint)
    self.shards = shards
  }

  /// Entries of a tile as stored, padding included.
  public var entriesPerTile: Int { grid.tileRows * grid.tileColumns }

  /// Bytes of a tile as stored: the values and four of checksum.
  public var bytesPerTile: Int { entriesPerTile * storage.bytes + 4 }

  /// Bytes of a shard with all of its tiles and its index; 0 where there are none.
  public var bytesPerShard: Int {
    guard let shards else { return 0 }
    let tiles = shards.tileRows / grid.tileRows * (shards.tileColumns / grid.tileColumns)
    return tiles * (bytesPerTile + 16) + 4
  }
}
