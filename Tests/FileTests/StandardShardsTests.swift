import Testing
import TileStore
import Tiling

@Suite struct StandardShardsTests {
  private func shards(
    _ shape: [Int], _ edge: Int, _ storage: TileArraySpec.Storage
  ) throws -> [Int]? {
    let grid = try TileGrid(shape: shape, tile: shape.map { _ in edge })
    return TileArraySpec.standardShards(of: grid, storage)?.tileShape
  }

  @Test("Shards have 16 x 16 tiles, of a line 256; tiles of more than 256 KiB stay files")
  func sizes() throws {
    #expect(try shards([1000, 1000], 32, .float64) == [512, 512])
    #expect(try shards([7], 8, .float64) == [2048])
    #expect(try shards([5000, 5000], 181, .float64) == [2896, 2896])
    #expect(try shards([5000, 5000], 182, .float64) == nil)
    #expect(try shards([5000, 5000], 256, .float32) == [4096, 4096])
    #expect(try shards([65_536 * 4], 65_536, .float64) == nil)
  }

  @Test(
    "A kernel of 50,000 images has at most 10,000 files whatever its tiles",
    arguments: TileArraySpec.Storage.allCases)
  func fewFiles(storage: TileArraySpec.Storage) throws {
    for edge in Array(1...640) + [1024, 4096, 65_536] {
      let grids = [
        try TileGrid.lowerTriangle(n: 50_000, tile: edge),
        try .rectangle(m: 10_000, n: 50_000, tileRows: edge, tileColumns: edge),
        try .line(m: 10_000, tile: edge),
      ]
      let files = grids.reduce(4) {
        let shards = TileArraySpec.standardShards(of: $1, storage)
        return $0 + 1
          + TileArraySpec(grid: $1, storage: storage, fingerprint: Fingerprint(), shards: shards)
          .fileCount
      }
      #expect(files <= 10_000, "\(edge)")
    }
  }
}
