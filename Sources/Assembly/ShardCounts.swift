import TileSchedule
import Tiling

/// How many items of a job each shard still waits for. Pure.
package struct ShardCounts {
  private struct Shard: Hashable {
    let grid: Int
    /// Which of the grid's divisions into shards.
    let division: Int
    let place: TileIndex
  }

  private let grids: [TileGrid]
  private let shards: [[TileGrid]]
  private var left: [Shard: Int] = [:]

  /// - Parameters:
  ///   - items: what is to be computed.
  ///   - grids: of the plan.
  ///   - shards: the divisions of each grid into shards; none where tiles are not packed.
  package init(_ items: [WorkItem], grids: [TileGrid], shards: [[TileGrid]]) {
    (self.grids, self.shards) = (grids, shards)
    for item in items {
      for shard in holders(of: item) { left[shard, default: 0] += 1 }
    }
  }

  /// Takes an item that is in the store now; whether a shard that holds it waits for no other one.
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
