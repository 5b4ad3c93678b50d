import DurableFiles
import Foundation
import Testing
import TileStore
import Tiling

@Suite struct TileChecksumsTests {
  let folder: ScratchFolder
  let spec: TileArraySpec

  init() throws {
    folder = try ScratchFolder()
    spec = try TileArraySpec(
      shape: [5, 5], tile: [2, 2], coverage: .lowerTriangle,
      fingerprint: Fingerprint(["network": "dense \"1\" \u{e9}\n", "images": "1a"]))
  }

  private var path: String { folder.path + "/ntk_train.json" }

  /// A whole array in `store`, with values from `start` on, and its checksums.
  private func array(
    _ store: String, from start: Double = 0
  ) throws -> (array: TileArray, checksums: TileChecksums) {
    let array = try TileArray.create(
      in: folder.path + "/" + store, name: "ntk_train", spec: spec)
    var checksums = TileChecksums(spec.grid)
    for index in 0..<spec.grid.count {
      let tile = spec.grid.tile(at: index)
      let (rows, columns) = spec.grid.validShape(of: tile)
      let values = (0..<rows * columns).map { start + Double(10 * index + $0) }
      checksums[tile] = try values.withUnsafeBufferPointer { try array.write(tile, values: $0) }
    }
    return (array, checksums)
  }

  @Test("Checksums that were kept come back, and equal those of the tiles' files")
  func roundTrip() throws {
    let (array, checksums) = try array("a.zarr")
    try array.publish(checksums, to: path)
    #expect(try array.readChecksums(path) == checksums)
    for tile in try array.presentTiles() { #expect(try array.verify(tile) == checksums[tile]) }
    #expect(try array.readChecksums(path + ".none") == nil)
  }

  @Test("A whole tile of another array of the same shape is noticed by read and verify")
  func otherTile() throws {
    var (array, checksums) = try array("a.zarr")
    let (other, _) = try self.array("b.zarr", from: 0.5)
    let tile = TileIndex(2, 1)
    try Disk().publish(try Disk().read(other.path(of: tile)), to: array.path(of: tile))
    // Nothing in the file tells.
    try array.verify(tile)
    array.checksums = checksums
    let expected = TileStoreError.otherTile(tile: tile, path: array.path(of: tile))
    #expect(throws: expected) { try array.verify(tile) }
    var values = [0.0, 0.0]
    #expect(throws: expected) {
      try values.withUnsafeMutableBufferPointer { try array.read(tile, into: $0) }
    }
    #expect(expected.isRepairedByRecomputing && expected.kind == .badData)
    try array.verify(TileIndex(2, 0))
    // A tile whose checksum is unknown is taken as it is.
    checksums[tile] = nil
    array.checksums = checksums
    try array.verify(tile)
  }

  @Test("A flipped bit anywhere in the file of checksums, or a cut, is noticed")
  func damage() throws {
    let (array, checksums) = try array("a.zarr")
    try array.publish(checksums, to: path)
    let good = try Disk().read(path)
    for position in good.indices {
      for bit in [0, 3, 6] {
        var bad = good
        bad[position] ^= 1 << bit
        try Disk().publish(bad, to: path, flushesFolder: false)
        // A flip may lead to a text that means the same, never to other checksums.
        guard let found = try? array.readChecksums(path) else { continue }
        #expect(found == checksums, "bit \(bit) of byte \(position)")
      }
    }
    for length in 0..<good.count - 2 {
      try Disk().publish(Array(good[..<length]), to: path, flushesFolder: false)
      let error = #expect(throws: TileStoreError.self) { try array.readChecksums(path) }
      #expect(error?.description.hasPrefix("\(path) does not hold the checksums of") == true)
    }
  }

  @Test("Checksums of another array or of another fingerprint are refused with the difference")
  func foreign() throws {
    let (array, checksums) = try array("a.zarr")
    try array.publish(checksums, to: path)
    let other = try TileArray.create(
      in: folder.path + "/a.zarr", name: "nngp_train", spec: spec)
    #expect(throws: TileStoreError.badChecksums(path: path, reason: "it is of ntk_train")) {
      try other.readChecksums(path)
    }
    var fingerprint = spec.fingerprint
    fingerprint["images"] = "2b"
    let changed = try TileArray.create(
      in: folder.path + "/c.zarr", name: "ntk_train",
      spec: TileArraySpec(grid: spec.grid, fingerprint: fingerprint))
    #expect(
      throws: TileStoreError.badChecksums(
        path: path, reason: "it is of an array with images = 1a")
    ) { try changed.readChecksums(path) }
  }

  @Test("Checksums of an array of another layout are refused with what differs")
  func layout() throws {
    let (array, checksums) = try array("a.zarr")
    try array.publish(checksums, to: path)
    let others: [(shape: [Int], tile: [Int], TileGrid.Coverage, TileArraySpec.Storage, String)] = [
      ([6, 6], [2, 2], .lowerTriangle, .float64, "shape is [5, 5], not [6, 6]"),
      ([5, 5], [3, 3], .lowerTriangle, .float64, "tile is [2, 2], not [3, 3]"),
      ([5, 5], [2, 2], .all, .float64, "set of tiles is lower triangle, not all"),
      ([5, 5], [2, 2], .lowerTriangle, .float32, "storage is float64, not float32"),
    ]
    for (index, (shape, tile, coverage, storage, difference)) in others.enumerated() {
      let other = try TileArray.create(
        in: folder.path + "/\(index).zarr", name: "ntk_train",
        spec: TileArraySpec(
          shape: shape, tile: tile, coverage: coverage, storage: storage,
          fingerprint: spec.fingerprint))
      let reason = "its \(difference)"
      #expect(throws: TileStoreError.badChecksums(path: path, reason: reason)) {
        try other.readChecksums(path)
      }
    }
  }

  @Test("The parts of shards together are the whole")
  func parts() throws {
    let (_, checksums) = try array("a.zarr")
    var union = TileChecksums(spec.grid)
    for part in 0..<3 {
      var own = TileChecksums(spec.grid)
      for index in stride(from: part, to: spec.grid.count, by: 3) {
        own[spec.grid.tile(at: index)] = checksums[spec.grid.tile(at: index)]
      }
      union.formUnion(own)
    }
    #expect(union == checksums)
  }
}
