/// What an array of tiles is, before and apart from any file.
public struct TileArraySpec: Equatable, Sendable {
  /// How a value lies in the file; in memory it is always a Double.
  public enum Storage: String, Sendable, CaseIterable {
    case float64, float32

    /// Bytes of a value.
    public var bytes: Int { self == .float64 ? 8 : 4 }
  }

  /// Which tiles an array holds.
  public enum Coverage: String, Sendable, CaseIterable {
    /// Every tile.
    case all
    /// Of a symmetric matrix those with `it >= jt`, diagonal tiles whole.
    case lowerTriangle = "lower triangle"
  }

  /// `[m]` or `[m, n]`.
  public let shape: [Int]

  /// The shape of a tile, as many numbers as `shape`; tiles at the edges have fewer valid entries.
  public let tile: [Int]

  /// Which tiles there are.
  public let coverage: Coverage

  /// How values are stored.
  public let storage: Storage

  /// What the values depend on.
  public let fingerprint: Fingerprint

  /// Describes an array.
  ///
  /// - Throws: `TileStoreError.badSpec`.
  public init(
    shape: [Int], tile: [Int], coverage: Coverage = .all, storage: Storage = .float64,
    fingerprint: Fingerprint
  ) throws(TileStoreError) {
    func refuse(_ reason: String) -> TileStoreError { .badSpec(reason: reason) }
    guard shape.count == tile.count, (1...2).contains(shape.count) else {
      throw refuse("an array of shape \(shape) in tiles \(tile) cannot be stored; use 1 or 2 sizes")
    }
    guard shape.allSatisfy({ $0 >= 1 }) else {
      throw refuse("an array of shape \(shape) cannot be stored; every size must be at least 1")
    }
    guard tile.allSatisfy({ $0 >= 1 }) else {
      throw refuse("tiles of \(tile) cannot be stored; every size must be at least 1")
    }
    let square = shape.count == 2 && shape[0] == shape[1] && tile[0] == tile[1]
    guard coverage == .all || square else {
      throw refuse("a lower triangle needs a square array in square tiles, not \(shape) in \(tile)")
    }
    // The array's product must fit 64 bits, a tile's one read or write call of the system.
    var entries = (array: 1, tile: 1)
    for (size, tileSize) in zip(shape, tile) {
      let array = entries.array.multipliedReportingOverflow(by: size)
      let tile = entries.tile.multipliedReportingOverflow(by: tileSize)
      guard !array.overflow, !tile.overflow, tile.partialValue <= 1 << 36 else {
        throw refuse("an array of shape \(shape) in tiles \(tile) is too large; use smaller tiles")
      }
      entries = (array.partialValue, tile.partialValue)
    }
    (self.shape, self.tile, self.coverage) = (shape, tile, coverage)
    (self.storage, self.fingerprint) = (storage, fingerprint)
  }

  /// How many rows and columns of tiles there are.
  public var tileCounts: (rows: Int, columns: Int) {
    let counts = zip(shape, tile).map { ($0 - 1) / $1 + 1 }
    return (counts[0], counts.count == 2 ? counts[1] : 1)
  }

  /// How many tiles the array has when it is complete.
  public var tileCount: Int {
    let (rows, columns) = tileCounts
    return coverage == .all ? rows * columns : rows * (rows + 1) / 2
  }

  /// Whether the array holds this tile.
  public func contains(_ index: TileIndex) -> Bool {
    let (rows, columns) = tileCounts
    return (0..<rows).contains(index.it) && (0..<columns).contains(index.jt)
      && (coverage == .all || index.it >= index.jt)
  }

  /// The valid entries of a tile; at the edges fewer than the tile's shape.
  ///
  /// - Precondition: the array holds the tile.
  public func validShape(of index: TileIndex) -> (rows: Int, columns: Int) {
    let rows = min(tile[0], shape[0] - index.it * tile[0])
    let columns = shape.count == 2 ? min(tile[1], shape[1] - index.jt * tile[1]) : 1
    return (rows, columns)
  }

  /// Entries of a tile's file, padding included.
  public var entriesPerTile: Int { tile.reduce(1, *) }

  /// Bytes of a tile's file: the values and four of checksum.
  public var bytesPerTile: Int { entriesPerTile * storage.bytes + 4 }
}
