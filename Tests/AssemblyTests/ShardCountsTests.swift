import Assembly
import Testing
import TileSchedule
import Tiling

@Suite struct ShardCountsTests {
  private func counts(
    _ items: [WorkItem], _ grids: [TileGrid], edges: [[Int]]
  ) throws -> ShardCounts {
    let shards = try zip(grids, edges).map { grid, edges in
      try edges.map { try TileGrid(shape: grid.shape, tile: [$0, $0], coverage: grid.coverage) }
    }
    return ShardCounts(items, grids: grids, shards: shards)
  }

  @Test("Each shard is complete once, with its last item, in whatever order they come")
  func complete() throws {
    let grid = try TileGrid.lowerTriangle(n: 100, tile: 3)
    let plan = TilePlan(grids: [grid, grid])
    let shards = try TileGrid.lowerTriangle(n: 100, tile: 12)
    var counts = try counts(plan.items, plan.grids, edges: [[12], [12]])
    var left: [WorkItem: Int] = [:]
    func shard(_ item: WorkItem) -> WorkItem {
      WorkItem(grid: item.grid, tile: shards.tile(holding: item.tile, of: grid))
    }
    for item in plan.items { left[shard(item), default: 0] += 1 }
    var complete = 0
    for item in plan.items.shuffled() {
      left[shard(item), default: 0] -= 1
      let isLast = counts.finish(item)
      #expect(isLast == (left[shard(item)] == 0))
      complete += isLast ? 1 : 0
    }
    #expect(complete == 2 * shards.count && left.count == complete)
  }

  @Test("Only the job's own items count, and grids without shards have none")
  func partial() throws {
    let grid = try TileGrid.lowerTriangle(n: 8, tile: 1)
    let items = [TileIndex(0, 0), TileIndex(3, 1), TileIndex(4, 0)].map {
      WorkItem(grid: 0, tile: $0)
    }
    var counts = try counts(items, [grid], edges: [[4]])
    let own = items.map { counts.finish($0) }
    #expect(own == [false, true, true])
    var none = try self.counts(items, [grid], edges: [[]])
    let without = items.map { none.finish($0) }
    #expect(without == [false, false, false])
    // Where arrays of a grid have two divisions, an item may be the last of either.
    var two = try self.counts(items, [grid], edges: [[2, 4]])
    let either = items.map { two.finish($0) }
    #expect(either == [true, true, true])
  }
}
