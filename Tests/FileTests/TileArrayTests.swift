import DurableFiles
import Foundation
import Testing
import TileStore
import Tiling

@Suite struct TileArrayTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private var store: String { folder.path + "/kernels.zarr" }

  private func spec(
    _ shape: [Int] = [5, 5], _ tile: [Int] = [2, 2],
    _ coverage: TileGrid.Coverage = .lowerTriangle,
    _ storage: TileArraySpec.Storage = .float64
  ) throws -> TileArraySpec {
    try TileArraySpec(
      shape: shape, tile: tile, coverage: coverage, storage: storage,
      fingerprint: Fingerprint(["depth": "3"]))
  }

  private func write(_ array: TileArray, _ tile: TileIndex, _ values: [Double]) throws {
    _ = try values.withUnsafeBufferPointer { try array.write(tile, values: $0) }
  }

  private func read(_ array: TileArray, _ tile: TileIndex) throws -> [Double] {
    let (rows, columns) = array.spec.grid.validShape(of: tile)
    var values = [Double](repeating: -1, count: rows * columns)
    try values.withUnsafeMutableBufferPointer { try array.read(tile, into: $0) }
    return values
  }

  @Test("Tiles come back bit by bit, whole ones and those at the edges")
  func roundTrip() throws {
    let array = try TileArray.create(in: store, name: "nngp_train", spec: spec())
    let whole = [1, -0.0, .pi, 5e-324]
    try write(array, TileIndex(1, 0), whole)
    try write(array, TileIndex(2, 1), [7, 8])
    try write(array, TileIndex(2, 2), [9])
    #expect(try read(array, TileIndex(1, 0)).map(\.bitPattern) == whole.map(\.bitPattern))
    #expect(try read(array, TileIndex(2, 1)) == [7, 8] && read(array, TileIndex(2, 2)) == [9])
    #expect(try array.presentTiles() == [TileIndex(1, 0), TileIndex(2, 1), TileIndex(2, 2)])
    try write(array, TileIndex(2, 2), [10])
    #expect(try read(array, TileIndex(2, 2)) == [10])
  }

  @Test("An edge tile's file is the whole tile in little endian, padded with NaN, and its CRC-32C")
  func fileFormat() throws {
    let array = try TileArray.create(in: store, name: "a", spec: spec([3, 5], [2, 3], .all))
    try write(array, TileIndex(1, 1), [1, 2])
    let bytes = try Disk().read(array.path(of: TileIndex(1, 1)))
    let nan = Double.nan
    let expected = [1, 2, nan, nan, nan, nan].flatMap { value in
      (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    #expect(bytes.count == 52 && Array(bytes[..<48]) == expected)
    let checksum = expected.withUnsafeBytes(CRC32C.checksum)
    #expect(Array(bytes[48...]) == (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) })
    #expect(array.path(of: TileIndex(1, 1)).hasSuffix("/a/c/1/1"))
  }

  @Test("float32 storage rounds to the nearest float and refuses what would become infinite")
  func float32() throws {
    let array = try TileArray.create(
      in: store, name: "a", spec: spec([3, 3], [2, 2], .all, .float32))
    try write(array, TileIndex(0, 0), [0.1, -.infinity, .nan, 1e-50])
    let values = try read(array, TileIndex(0, 0))
    #expect(values[0] == Double(Float(0.1)) && values[1] == -.infinity && values[2].isNaN)
    #expect(values[3] == 0)
    let error = #expect(throws: TileStoreError.self) {
      try write(array, TileIndex(1, 0), [1, -1e39])
    }
    #expect(error?.description.contains("value -1e+39, which float32 storage cannot hold") == true)
    #expect(try array.presentTiles() == [TileIndex(0, 0)])
  }

  @Test("One-dimensional arrays have one folder of chunks")
  func vector() throws {
    let array = try TileArray.create(in: store, name: "d", spec: spec([7], [3], .all))
    try write(array, TileIndex(2), [7])
    try write(array, TileIndex(0), [1, 2, 3])
    #expect(try read(array, TileIndex(2)) == [7])
    #expect(try array.presentTiles() == [TileIndex(0), TileIndex(2)])
    #expect(folder.names("kernels.zarr/d/c") == ["0", "2"])
    #expect(array.spec.grid.count == 3 && !array.spec.grid.contains(TileIndex(0, 1)))
  }

  @Test("A flipped bit anywhere, a cut, an extension and a missing file are told apart")
  func damage() throws {
    let array = try TileArray.create(in: store, name: "a", spec: spec())
    let (tile, path) = (TileIndex(1, 0), array.path(of: TileIndex(1, 0)))
    #expect(throws: TileStoreError.missing(tile: tile, path: path)) { try read(array, tile) }
    try write(array, tile, [1, 2, 3, 4])
    let good = try Disk().read(path)
    for position in good.indices {
      var bad = good
      bad[position] ^= 16
      try Disk().publish(bad, to: path)
      #expect(throws: TileStoreError.badChecksum(tile: tile, path: path)) { try read(array, tile) }
      #expect(throws: TileStoreError.badChecksum(tile: tile, path: path)) { try array.verify(tile) }
    }
    for size in [0, 3, 35, 37] {
      try Disk().publish(Array((good + [0]).prefix(size)), to: path)
      #expect(throws: TileStoreError.wrongSize(tile: tile, path: path, found: size, expected: 36)) {
        try read(array, tile)
      }
    }
    try Disk().publish(good, to: path)
    try array.verify(tile)
  }

  @Test("Tiles above the diagonal or beyond the edge are refused, foreign files are ignored")
  func foreign() throws {
    let array = try TileArray.create(in: store, name: "a", spec: spec())
    for tile in [TileIndex(0, 1), TileIndex(3, 0), TileIndex(-1, -1)] {
      #expect(throws: TileStoreError.outOfRange(tile: tile, path: array.path)) {
        try write(array, tile, [1, 2, 3, 4])
      }
    }
    try write(array, TileIndex(1, 1), [1, 2, 3, 4])
    for name in ["01", "x", ".0.partial-h-1-1", "2", "-1", "+1"] {
      try folder.put("", at: "kernels.zarr/a/c/1/" + name)
    }
    try folder.put("", at: "kernels.zarr/a/c/9")
    #expect(try array.presentTiles() == [TileIndex(1, 1)])
  }

  @Test("Many tasks write the tiles of the same rows at once")
  func concurrent() async throws {
    let array = try TileArray.create(in: store, name: "a", spec: spec([40, 40], [2, 2], .all))
    try await withThrowingTaskGroup { group in
      for k in 0..<800 {
        group.addTask {
          let tile = TileIndex(k / 2 % 20, k / 40)
          let values = [Double](repeating: Double(tile.it * 20 + tile.jt), count: 4)
          _ = try values.withUnsafeBufferPointer { try array.write(tile, values: $0) }
        }
      }
      try await group.waitForAll()
    }
    let tiles = try array.presentTiles()
    #expect(tiles.count == 400)
    for tile in tiles {
      #expect(try read(array, tile) == Array(repeating: Double(tile.it * 20 + tile.jt), count: 4))
    }
    #expect(
      try Disk().removeStaleTemporaries(in: store, recursively: true, olderThan: 0).isEmpty)
  }
}
