import DurableFiles
import Foundation
import Synchronization
import Testing
import TileStore
import Tiling

/// Shards of 2 x 2 tiles: a lower triangle of 5 x 5 in tiles of 2 x 2 has three, of 3, 2 and 1 tiles.
@Suite struct ShardTests {
  let folder: ScratchFolder
  let array: TileArray

  init() throws {
    folder = try ScratchFolder()
    array = try TileArray.create(
      in: folder.path + "/kernels.zarr", name: "a", spec: try Self.spec(shards: [4, 4]))
  }

  private static func spec(shards: [Int]?) throws -> TileArraySpec {
    try TileArraySpec(
      shape: [5, 5], tile: [2, 2], coverage: .lowerTriangle,
      fingerprint: Fingerprint(["depth": "3"]), shards: shards)
  }

  private var first: String { array.path + "/c/0/0" }

  private func fill() throws {
    for tile in array.spec.tiles { try array.writeTest(tile) }
  }

  private func pack() throws -> [Packing] {
    try [TileIndex(1, 0), TileIndex(2, 1), TileIndex(2, 2)].map { try array.pack(shardOf: $0) }
  }

  /// The files below the array, but for zarr.json.
  private func files() throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: array.path)
    where try name != "zarr.json" && !Disk().isFolder(array.path + "/" + name) {
      files[name] = try Disk().read(array.path + "/" + name)
    }
    return files
  }

  @Test("A shard is its tiles row by row, then offsets and sizes of all places, then their CRC-32C")
  func format() throws {
    try fill()
    var bytes: [UInt8] = []
    var index: [UInt64] = []
    for tile in [TileIndex(0, 0), nil, TileIndex(1, 0), TileIndex(1, 1)] {
      guard let tile else {
        index += [.max, .max]
        continue
      }
      let content = try Disk().read(array.path(of: tile))
      index += [UInt64(bytes.count), UInt64(content.count)]
      bytes += content
    }
    let table = index.flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
    let checksum = table.withUnsafeBytes(CRC32C.checksum)
    bytes += table + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
    #expect(try pack() == [.packed, .packed, .packed])
    let found = try files()
    #expect(found["c/0/0"] == bytes)
    #expect(found.keys.sorted() == ["c/0/0", "c/1/0", "c/1/1"])
    #expect(array.spec.fileCount == 3)
    #expect(array.spec.byteCount == found.values.reduce(0) { $0 + $1.count })
  }

  @Test("Loose tiles lie beside Zarr's chunks, in a folder for each shard that goes with them")
  func loose() throws {
    for tile in [TileIndex(0, 0), TileIndex(2, 0), TileIndex(2, 1)] { try array.writeTest(tile) }
    #expect(try files().keys.sorted() == ["loose/0.0/0.0", "loose/1.0/2.0", "loose/1.0/2.1"])
    #expect(try array.pack(shardOf: TileIndex(0, 0)) == .incomplete)
    #expect(try array.pack(shardOf: TileIndex(2, 1)) == .packed)
    #expect(folder.names("kernels.zarr/a/loose") == ["0.0"])
    #expect(try files().keys.sorted() == ["c/1/0", "loose/0.0/0.0"])
    let present = [TileIndex(0, 0), TileIndex(2, 0), TileIndex(2, 1)]
    #expect(try array.presentTiles() == present)
    for tile in present { #expect(try array.hasTestValues(tile)) }
    #expect(try array.file(of: TileIndex(2, 1)) == array.path + "/c/1/0")
    #expect(try array.file(of: TileIndex(0, 0)) == array.path(of: TileIndex(0, 0)))
    let missing = TileStoreError.missing(tile: TileIndex(1, 1), path: first)
    #expect(throws: missing) { try array.verify(TileIndex(1, 1)) }
  }

  @Test("Packing again, or a tile that came twice, changes nothing")
  func idempotent() throws {
    try fill()
    _ = try pack()
    let packed = try files()
    #expect(try pack() == [.unchanged, .unchanged, .unchanged])
    try array.writeTest(TileIndex(1, 1))
    #expect(try array.presentTiles().count == 6 && array.looseTiles() == [TileIndex(1, 1)])
    #expect(try array.pack(shardOf: TileIndex(0, 0)) == .packed)
    #expect(try files() == packed)
    try array.removeEmptyFolders()
    #expect(folder.names("kernels.zarr/a") == ["c", "zarr.json"])
  }

  @Test("A caller that stops leaves everything as it was, and no temporary file")
  func stop() throws {
    try fill()
    let before = try files()
    for limit in 0..<3 {
      var calls = 0
      let packing = try array.pack(shardOf: TileIndex(0, 0)) {
        calls += 1
        return calls <= limit
      }
      #expect(try packing == .stopped && files() == before)
    }
  }

  @Test("A flipped bit in a tile of a shard damages it alone; it is computed again in place")
  func damagedTile() throws {
    try fill()
    _ = try pack()
    let good = try files()
    let bytes = try Disk().read(first)
    for position in stride(from: 0, to: 3 * 36, by: 5) {
      var bad = bytes
      bad[position] ^= 32
      try Disk().publish(bad, to: first)
      let damaged = [TileIndex(0, 0), TileIndex(1, 0), TileIndex(1, 1)][position / 36]
      let error = TileStoreError.badChecksum(tile: damaged, path: first)
      #expect(throws: error) { try array.verify(damaged) }
      for tile in array.spec.tiles where tile != damaged { #expect(try array.hasTestValues(tile)) }
      // Another tile that is written again does not hide it, and it stays for its own turn.
      let other = damaged == TileIndex(0, 0) ? TileIndex(1, 1) : TileIndex(0, 0)
      try array.writeTest(other)
      #expect(try array.pack(shardOf: damaged) == .damaged(error))
      try array.writeTest(damaged)
      #expect(try array.hasTestValues(damaged))
      #expect(try array.pack(shardOf: damaged) == .packed)
      #expect(try files() == good)
    }
  }

  @Test("A flipped bit in the index, a cut or an extension is noticed by every tile of the shard")
  func damagedIndex() throws {
    try fill()
    _ = try pack()
    let good = try files()
    let bytes = try Disk().read(first)
    var damaged: [[UInt8]] = (3 * 36..<bytes.count).map { position in
      var bad = bytes
      bad[position] ^= 1
      return bad
    }
    damaged += [0, 3, 67, 68, 100, bytes.count - 1].map { Array(bytes[..<$0]) } + [bytes + [0]]
    // Something between the tiles and the index.
    damaged.append(bytes[..<108] + [0] + bytes[108...])
    for bad in damaged {
      try Disk().publish(bad, to: first)
      for tile in [TileIndex(0, 0), TileIndex(1, 0), TileIndex(1, 1)] {
        let error = #expect(throws: TileStoreError.self) { try array.verify(tile) }
        guard case .badShard(first, _) = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(error?.isRepairedByRecomputing == true && error?.kind == .badData)
        #expect(error?.description.hasPrefix("\(first) is not a whole shard of tiles: ") == true)
      }
      #expect(try array.hasTestValues(TileIndex(2, 2)))
    }
    // Tiles that were computed again count, one by one.
    for tile in [TileIndex(0, 0), TileIndex(1, 0)] {
      try array.writeTest(tile)
      #expect(try array.hasTestValues(tile))
      guard case .damaged = try array.pack(shardOf: tile) else {
        Issue.record("packed without a tile")
        return
      }
    }
    try array.writeTest(TileIndex(1, 1))
    #expect(try array.pack(shardOf: TileIndex(0, 0)) == .packed)
    #expect(try files() == good)
  }

  @Test("A tile of another array in a shard is noticed by the checksums kept of this one")
  func otherTile() throws {
    var kept = TileChecksums(array.spec.grid)
    for tile in array.spec.tiles { kept[tile] = try array.writeTest(tile) }
    _ = try pack()
    let good = try files()
    try array.writeTest(TileIndex(1, 0), adding: 1)
    #expect(try array.pack(shardOf: TileIndex(1, 0)) == .packed)
    var checked = array
    checked.checksums = kept
    try array.verify(TileIndex(1, 0))
    #expect(throws: TileStoreError.otherTile(tile: TileIndex(1, 0), path: first)) {
      try checked.verify(TileIndex(1, 0))
    }
    try array.writeTest(TileIndex(1, 0))
    #expect(try checked.pack(shardOf: TileIndex(1, 0)) == .packed)
    #expect(try files() == good)
  }

  @Test("A store keeps the layout that it was made with")
  func layoutIsKept() throws {
    let plain = try Self.spec(shards: nil)
    let store = folder.path + "/kernels.zarr"
    #expect(try TileArray.create(in: store, name: "a", spec: plain).spec == array.spec)
    #expect(try TileArray.create(in: store, name: "b", spec: plain).spec == plain)
    #expect(try TileArray.create(in: store, name: "b", spec: array.spec).spec == plain)
    #expect(try TileArray.open(array.path).spec == array.spec)
  }

  @Test(
    "Shards of another kind are refused with what is wrong",
    arguments: [
      ("\"index_location\": \"end\"", "\"index_location\": \"start\"", "index_location: start"),
      ("sharding_indexed", "blosc", "codecs is [blosc (chunk_shape: [2, 2], "),
      (
        "\"chunk_shape\": [4, 4]", "\"chunk_shape\": [5, 5]",
        "shards of [5, 5] are not made of tiles"
      ),
      ("\"chunk_shape\": [2, 2]", "\"chunk_shape\": [0, 2]", "every size must be from 1"),
    ])
  func metadata(old: String, new: String, reason: String) throws {
    let path = "kernels.zarr/a/zarr.json"
    let text = try #require(folder.contents(path))
    #expect(text.contains(old))
    try folder.put(text.replacing(old, with: new), at: path)
    let error = #expect(throws: TileStoreError.self) { try TileArray.open(array.path) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "accepted")")
  }

  @Test("Foreign names among loose tiles and shards are ignored")
  func foreign() throws {
    try array.writeTest(TileIndex(2, 0))
    let loose = "kernels.zarr/a/loose/"
    for name in ["1.0/2", "1.0/2.0.0", "1.0/02.1", "1.0/x.1", "1.0/2.2", "1.0/.2.1.partial-h-1-1"] {
      try folder.put("", at: loose + name)
    }
    for name in ["9.9", "x", "1"] { try Disk().createFolder(folder.path + "/" + loose + name) }
    try Disk().createFolder(array.path + "/c/1")
    for name in ["2", "x", "-1"] { try folder.put("", at: "kernels.zarr/a/c/1/" + name) }
    #expect(try array.presentTiles() == [TileIndex(2, 0)])
  }

  /// What one thread tells another.
  private final class Ending: Sendable {
    let isNear = Atomic(false)
  }

  @Test(
    "Tiles are written while another thread removes the folders that they go to, and those above")
  func vanishingFolders() throws {
    let (loose, ending) = (array.path + "/loose", Ending())
    defer { ending.isNear.store(true, ordering: .relaxed) }
    @Sendable func removeFolders() throws {
      for name in ["/1.0", ""] { try Disk().removeEmptyFolder(loose + name) }
    }
    Thread.detachNewThread {
      while !ending.isNear.load(ordering: .relaxed) {
        try? removeFolders()
        // Making a folder takes some milliseconds, with its way to the disk.
        usleep(.random(in: 0...20_000))
      }
    }
    for _ in 0..<200 {
      try array.writeTest(TileIndex(2, 0))
      #expect(try array.looseTiles() == [TileIndex(2, 0)])
      try Disk().remove(loose + "/1.0/2.0", flushesFolder: false)
      try removeFolders()
    }
  }

  @Test("Many tasks write and pack the same shards at once, and keep no file open")
  func concurrent() async throws {
    let own = folder.path
    // Other tests open files of their own meanwhile.
    let open = {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?
          .hasPrefix(own) ?? false
      }
    }
    let spec = try TileArraySpec(
      shape: [32, 32], tile: [2, 2], fingerprint: Fingerprint(["depth": "3"]), shards: [8, 8])
    let array = try TileArray.create(in: folder.path + "/kernels.zarr", name: "many", spec: spec)
    try await withThrowingTaskGroup { group in
      for k in 0..<1024 {
        group.addTask {
          let tile = TileIndex(k / 4 % 16, k / 64)
          try array.writeTest(tile)
          try array.pack(shardOf: tile)
          guard try array.hasTestValues(tile) else { throw TileStoreError.badName("\(tile)") }
        }
      }
      try await group.waitForAll()
    }
    #expect(try array.presentTiles().count == 256)
    for tile in try array.looseTiles() { try array.pack(shardOf: tile) }
    try array.removeEmptyFolders()
    #expect(folder.names("kernels.zarr/many") == ["c", "zarr.json"])
    for tile in spec.tiles { #expect(try array.hasTestValues(tile)) }
    #expect(try open() == 0)
  }
}
