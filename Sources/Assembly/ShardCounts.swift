import TileSchedule
import Tiling

/// Counts the items of a job that each shard still waits for. Pure.
package struct ShardCounts {
  private struct Shard: Hashable {
    let grid: Int
    /// The number of one of the grid's divisions into shards.
    let division: Int
    let place: TileIndex
  }

  private let grids: [TileGrid]
  private let shards: [[TileGrid]]
  private var left: [Shard: Int] = [:]

  /// - Parameters:
  ///   - items: the items to compute.
  ///   - grids: the grids of the plan.
  ///   - shards: the divisions of each grid into shards; empty if tiles are not packed.
  package init(_ items: [WorkItem], grids: [TileGrid], shards: [[TileGrid]]) {
    (self.grids, self.shards) = (grids, shards)
    for item in items {
      for shard in holders(of: item) { left[shard, default: 0] += 1 }
    }
  }

  /// Counts an item that is in the store now. Returns whether a shard that holds it is complete.
  package mutating func finish(_ item: WorkItem) -> Bool {
    var isComplete = false
    for shard in holders(of: item) {
      left[shard, default: 0] -= 1
      if left[shard] == 0 { isComplete = true }
    }
    return isComplete
  }

  private func holders(of item: WorkItem) -> [Shard] {
    shards[item.grid].enumerated().map { division, shards in
      Shard(
        grid: item.grid, division: division,
        place: shards.tile(holding: item.tile, of: grids[item.grid]))
    }
  }
}
