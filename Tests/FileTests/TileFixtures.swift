import TileStore
import Tiling

extension TileArraySpec {
  /// An array of shape `shape` in tiles of `tile`.
  init(
    shape: [Int], tile: [Int], coverage: TileGrid.Coverage = .all, storage: Storage = .float64,
    fingerprint: Fingerprint
  ) throws {
    self.init(
      grid: try TileGrid(shape: shape, tile: tile, coverage: coverage), storage: storage,
      fingerprint: fingerprint)
  }
}
