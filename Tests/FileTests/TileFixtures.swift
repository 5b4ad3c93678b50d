import DurableFiles
import TileStore
import Tiling

extension TileArraySpec {
  /// An array of shape `shape` in tiles of `tile`, packed into shards of `shards` entries.
  init(
    shape: [Int], tile: [Int], coverage: TileGrid.Coverage = .all, storage: Storage = .float64,
    fingerprint: Fingerprint, shards: [Int]? = nil
  ) throws {
    self.init(
      grid: try TileGrid(shape: shape, tile: tile, coverage: coverage), storage: storage,
      fingerprint: fingerprint,
      shards: try shards.map { try TileGrid(shape: shape, tile: $0, coverage: coverage) })
  }

  /// All tiles, row by row.
  var tiles: [TileIndex] { (0..<grid.count).map(grid.tile(at:)) }
}

extension TileArray {
  /// The values that tests put into a tile.
  func testValues(_ tile: TileIndex) -> [Double] {
    let (rows, columns) = spec.grid.validShape(of: tile)
    return (0..<(rows * columns)).map { Double(1000 * tile.it + 10 * tile.jt) + Double($0) / 8 }
  }

  /// Writes a tile with its test values, or with others from `start` on.
  @discardableResult
  func writeTest(_ tile: TileIndex, adding start: Double = 0) throws(TileStoreError) -> UInt32 {
    try testValues(tile).map { $0 + start }.withUnsafeBufferPointer {
      (values) throws(TileStoreError) in try write(tile, values: values)
    }
  }

  /// Whether a tile is there with its test values.
  func hasTestValues(_ tile: TileIndex) throws(TileStoreError) -> Bool {
    let expected = testValues(tile)
    var values = [Double](repeating: -1, count: expected.count)
    try values.withUnsafeMutableBufferPointer { (values) throws(TileStoreError) in
      try read(tile, into: values)
    }
    return values == expected
  }
}
