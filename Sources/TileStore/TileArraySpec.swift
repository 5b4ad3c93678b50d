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

  /// Describes an array.
  public init(grid: TileGrid, storage: Storage = .float64, fingerprint: Fingerprint) {
    (self.grid, self.storage, self.fingerprint) = (grid, storage, fingerprint)
  }

  /// Entries of a tile's file, padding included.
  public var entriesPerTile: Int { grid.tileRows * grid.tileColumns }

  /// Bytes of a tile's file: the values and four of checksum.
  public var bytesPerTile: Int { entriesPerTile * storage.bytes + 4 }
}
