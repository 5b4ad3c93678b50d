import Tiling

/// One piece of work: a tile of one of the plan's grids.
public struct WorkItem: Hashable, Sendable {
  /// The number of the grid in the plan.
  public let grid: Int
  /// The tile of this grid.
  public let tile: TileIndex

  /// The tile `tile` of the grid number `grid`.
  public init(grid: Int, tile: TileIndex) {
    self.grid = grid
    self.tile = tile
  }
}

/// The work of one job, in the order in which it is handed out.
///
/// Grids follow each other. Within a grid, tiles follow the Z-order curve. So neighbors in the
/// plan, and also the tiles of a shard, need few different rows and columns of images.
public struct TilePlan: Sendable {
  /// The grids.
  public let grids: [TileGrid]

  /// The tiles of all grids, or of a shard of them.
  public let items: [WorkItem]

  /// Plans the tiles of a shard.
  ///
  /// - Parameter grids: the grids of the matrices; those to be finished first come first.
  public init(grids: [TileGrid], shard: Shard = .whole) {
    let allWork = grids.reduce(0) { $0 + $1.entries }
    var items: [WorkItem] = []
    var before = 0
    for (number, grid) in grids.enumerated() {
      for tile in TilePlan.ordered(grid) {
        let entries = grid.entries(of: tile)
        defer { before += entries }
        guard shard.owns(before..<before + entries, of: allWork) else { continue }
        items.append(WorkItem(grid: number, tile: tile))
      }
    }
    (self.grids, self.items) = (grids, items)
  }

  /// The number of entries of one item.
  public func work(of item: WorkItem) -> Int { grids[item.grid].entries(of: item.tile) }

  /// The tiles of a grid in the order of the Z-order curve.
  private static func ordered(_ grid: TileGrid) -> [TileIndex] {
    var places: [(key: UInt, index: Int)] = (0..<grid.count).map { index in
      let tile = grid.tile(at: index)
      return (spread(tile.it) << 1 | spread(tile.jt), index)
    }
    places.sort { $0.key < $1.key }
    return places.map { grid.tile(at: $0.index) }
  }

  /// Spreads the 31 bits of a number to the even bit positions.
  private static func spread(_ value: Int) -> UInt {
    var bits = UInt(value)
    bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
    bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF
    bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333
    return (bits | bits << 1) & 0x5555_5555_5555_5555
  }
}
