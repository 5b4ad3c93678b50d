import DurableFiles
import Foundation
import Testing
import TileStore
import Tiling

/// Breaks the packing of shards at every system call, and at random ones again and again.
@Suite struct ShardRestartTests {
  /// How often processes are killed and resumed, for each kind of fault.
  private static let restarts =
    ProcessInfo.processInfo.environment["NTK_RESTARTS"].flatMap { Int($0) }.map { $0 / 2 } ?? 500

  let folder: ScratchFolder
  let spec: TileArraySpec

  init() throws {
    folder = try ScratchFolder()
    spec = try TileArraySpec(
      shape: [9, 9], tile: [2, 2], coverage: .lowerTriangle, fingerprint: Fingerprint(["n": "9"]),
      shards: [4, 4])
  }

  /// Every file of a store but temporary ones.
  private func snapshot(_ store: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: store)
    where !name.contains(".partial-") {
      if try !Disk().isFolder(store + "/" + name) {
        files[name] = try Disk().read(store + "/" + name)
      }
    }
    return files
  }

  /// One process: creates or resumes, writes what is missing, and packs each shard with its last tile.
  ///
  /// - Parameter done: is told of every tile that is in the store, and whether it is in a shard.
  private func run(
    _ store: String, _ disk: Disk, done: (TileIndex, _ isPacked: Bool) -> Void = { _, _ in }
  ) throws(TileStoreError) {
    let array = try TileArray.create(in: store, name: "v/k", spec: spec, disk: disk)
    let present = Set(try array.presentTiles())
    var loose = Set(try array.looseTiles())
    for tile in present { done(tile, true) }
    for tile in spec.tiles {
      if !present.contains(tile) {
        try array.writeTest(tile)
        loose.insert(tile)
        done(tile, false)
      }
      guard let shards = spec.shards else { continue }
      let shard = shards.tile(holding: tile, of: spec.grid)
      let whole = spec.tiles(ofShard: shard, in: shards)
      guard tile == whole.last, !loose.isDisjoint(with: whole) else { continue }
      let packing = try array.pack(shardOf: tile)
      guard packing == .packed || packing == .unchanged else {
        throw .badName("packing of \(shard) came to \(packing)")
      }
      for tile in whole { done(tile, true) }
    }
    try array.removeEmptyFolders()
  }

  @Test(
    "Killed or cut off at random calls and resumed, no tile is lost and the store ends as any other",
    arguments: [FaultInjection.Fault.stop, .powerCut])
  func restarts(fault: FaultInjection.Fault) throws {
    try run(folder.path + "/whole.zarr", Disk())
    let whole = try snapshot(folder.path + "/whole.zarr")
    #expect(whole.count == 3 + 6)
    var state: UInt64 = fault == .stop ? 1 : 2
    func random(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    var (restarts, trial) = (0, 0)
    while restarts < Self.restarts {
      trial += 1
      let store = folder.path + "/\(trial).zarr"
      defer { try? FileManager.default.removeItem(atPath: store) }
      var complete = false
      while !complete {
        let faults = FaultInjection(fault, atStep: random(160), largestTransfer: 1 + random(200))
        // A power cut may take the names of tiles that are not packed.
        var kept: Set<TileIndex> = []
        do {
          try run(store, Disk(faults: faults)) { tile, isPacked in
            if isPacked || fault == .stop { kept.insert(tile) }
          }
          complete = true
        } catch {
          guard faults.hasStopped else { throw error }
          restarts += 1
          try Disk().removeStaleTemporaries(in: folder.path, recursively: true, olderThan: 0)
          guard let array = try? TileArray.open(store + "/v/k") else {
            #expect(kept.isEmpty, "trial \(trial)")
            continue
          }
          let present = Set(try array.presentTiles())
          #expect(kept.isSubset(of: present), "trial \(trial)")
          for tile in present { #expect(try array.hasTestValues(tile), "trial \(trial): \(tile)") }
        }
      }
      #expect(try snapshot(store) == whole)
      let names = try FileManager.default.subpathsOfDirectory(atPath: store + "/v/k").sorted()
      #expect(
        names == [
          "c", "c/0", "c/0/0", "c/1", "c/1/0", "c/1/1", "c/2", "c/2/0", "c/2/1", "c/2/2",
          "zarr.json",
        ])
    }
  }

  @Test(
    "Broken at every call, packing leaves every tile to be read, and the next one ends it",
    arguments: [FaultInjection.Fault.stop, .powerCut, .fail(EIO), .fail(ENOSPC), .interrupt])
  func everyCall(fault: FaultInjection.Fault) throws {
    let store = folder.path + "/store.zarr"
    let array = try TileArray.create(in: store, name: "k", spec: spec)
    let tiles = [TileIndex(2, 0), TileIndex(2, 1), TileIndex(3, 0), TileIndex(3, 1)]
    var expected: [String: [UInt8]]?
    // Whether a shard is there already, of which two tiles were computed again.
    for isRepair in [false, true] {
      var step = 0
      while true {
        for tile in isRepair ? Array(tiles[1...2]) : tiles { try array.writeTest(tile) }
        let faults = FaultInjection(fault, atStep: step, largestTransfer: 150)
        do {
          try TileArray.open(store + "/k", disk: Disk(faults: faults)).pack(shardOf: tiles[0])
        } catch {
          guard case .file = error else { throw error }
        }
        for tile in tiles { #expect(try array.hasTestValues(tile), "step \(step)") }
        try array.pack(shardOf: tiles[0])
        try Disk().removeStaleTemporaries(in: store, recursively: true, olderThan: 0)
        try array.removeEmptyFolders()
        let found = try snapshot(store)
        expected = expected ?? found
        #expect(found == expected && found.count == 3, "step \(step)")
        if faults.steps <= step { break }
        step += 1
        if !isRepair { try Disk().remove(array.path + "/c/1/0") }
      }
      #expect(step > 20)
    }
  }
}
