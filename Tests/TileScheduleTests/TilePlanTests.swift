import Testing
import TileSchedule
import Tiling

@Suite struct TilePlanTests {
  private func grids() throws -> [TileGrid] {
    [
      try .lowerTriangle(n: 205, tile: 10),
      try .rectangle(m: 43, n: 205, tileRows: 10, tileColumns: 10), try .line(m: 43, tile: 10),
    ]
  }

  private func work(_ plan: TilePlan) -> Int { plan.items.reduce(0) { $0 + plan.work(of: $1) } }

  @Test("A plan holds every tile of every grid once, grid after grid")
  func everything() throws {
    let grids = try grids()
    let plan = TilePlan(grids: grids)
    #expect(Set(plan.items).count == plan.items.count)
    #expect(plan.items.count == grids.reduce(0) { $0 + $1.count })
    #expect(plan.items.map(\.grid) == plan.items.map(\.grid).sorted())
    #expect(work(plan) == grids.reduce(0) { $0 + $1.entries })
  }

  @Test("Shards are disjoint, contiguous, together everything, and even to about a tile")
  func shards() throws {
    let grids = try grids()
    let whole = TilePlan(grids: grids)
    for count in [1, 2, 7, 16, 1000] {
      var joined: [WorkItem] = []
      for number in 1...count {
        let part = TilePlan(grids: grids, shard: try Shard(number, of: count))
        joined += part.items
        #expect(abs(work(part) - work(whole) / count) <= 101)
      }
      #expect(joined == whole.items)
    }
  }

  @Test("A shard touches fewer rows and columns of tiles than it would row by row")
  func locality() throws {
    let grid = try TileGrid.lowerTriangle(n: 6400, tile: 100)
    func bands(_ tiles: [TileIndex]) -> Int { Set(tiles.map(\.it)).union(tiles.map(\.jt)).count }
    var (planned, rowByRow) = (0, 0)
    for number in 1...32 {
      let items = TilePlan(grids: [grid], shard: try Shard(number, of: 32)).items
      planned += bands(items.map(\.tile))
      rowByRow += bands(
        (0..<grid.count).filter { $0 * 32 / grid.count == number - 1 }.map(grid.tile(at:)))
    }
    #expect(Double(planned) < 0.6 * Double(rowByRow))
  }

  @Test(
    "Shards are read as k/K, and others are refused",
    arguments: ["0/4", "5/4", "3", "a/b", "1/2/3"])
  func badShards(text: String) throws {
    #expect(try Shard(parsing: "3/16") == Shard(3, of: 16))
    #expect(throws: ShardError(text: text)) { try Shard(parsing: text) }
  }
}
