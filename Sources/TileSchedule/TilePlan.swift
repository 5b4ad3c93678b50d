import Tiling

/// One piece of work: a tile of one of the plan's grids.
public struct WorkItem: Hashable, Sendable {
  /// Which grid of the plan.
  public let grid: Int
  /// Which tile of it.
  public let tile: TileIndex

  /// The tile `tile` of the grid number `grid`.
  public init(grid: Int, tile: TileIndex) {
    self.grid = grid
    self.tile = tile
  }
}

/// What one job has to compute, in the order in which it is handed out.
///
/// Grids follow each other; within a grid tiles follow the Z-order curve, so that neighbors in
/// the plan, and with them a shard, touch few different rows and columns of images.
public struct TilePlan: Sendable {
  /// The grids.
  public let grids: [TileGrid]

  /// The tiles of all grids, or of a shard of them.
  public let items: [WorkItem]

  /// Plans the tiles of a shard.
  ///
  /// - Parameter grids: the matrices, those to be finished first at the front.
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

  /// Entries of one item.
  public func work(of item: WorkItem) -> Int { grids[item.grid].entries(of: item.tile) }

  /// The tiles of a grid along the Z-order curve.
  private static func ordered(_ grid: TileGrid) -> [TileIndex] {
    var places: [(key: UInt, index: Int)] = (0..<grid.count).map { index in
      let tile = grid.tile(at: index)
      return (spread(tile.it) << 1 | spread(tile.jt), index)
    }
    places.sort { $0.key < $1.key }
    return places.map { grid.tile(at: $0.index) }
  }

  /// The 31 bits of a number at the even places.
  private static func spread(_ value: Int) -> UInt {
    var bits = UInt(value)
    bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
    bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF
    bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333
    return (bits | bits << 1) & 0x5555_5555_5555_5555
  }
}
