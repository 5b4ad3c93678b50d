import DurableFiles
import Testing
import TileStore
import Tiling

@Suite struct TileNamesTests {
  @Test("A power cut takes no tile whose name was flushed", arguments: [nil, 4])
  func powerCut(shard: Int?) throws {
    let folder = try ScratchFolder()
    let spec = try TileArraySpec(
      shape: [5, 5], tile: [2, 2], coverage: .lowerTriangle, fingerprint: Fingerprint(["n": "5"]),
      shards: shard.map { [$0, $0] })
    let tiles = (0..<3).flatMap { row in (0...row).map { TileIndex(row, $0) } }
    var flushed = 0
    for step in 0..<400 where flushed < 5 {
      let store = folder.path + "/\(step).zarr"
      let disk = Disk(faults: FaultInjection(.powerCut, atStep: step))
      var isFlushed = false
      _ = #expect(throws: (any Error).self) {
        let array = try TileArray.create(in: store, name: "k", spec: spec, disk: disk)
        for tile in tiles {
          let (rows, columns) = spec.grid.validShape(of: tile)
          try [Double](repeating: 1, count: rows * columns).withUnsafeBufferPointer {
            _ = try array.write(tile, values: $0)
          }
        }
        try array.flushNames(of: tiles)
        isFlushed = true
        // Until the power is cut.
        while true { try disk.publish("", to: folder.path + "/other") }
      }
      guard isFlushed else { continue }
      flushed += 1
      #expect(try TileArray.open(store + "/k").presentTiles().count == tiles.count)
    }
    #expect(flushed == 5)
  }
}
