import DurableFiles
import Foundation
import Testing
import TileStore
import Tiling

/// Kills a writer at random system calls, ten thousand times in all, and resumes.
@Suite struct TileRestartTests {
  @Test(
    "Killed or cut off at random calls and resumed, a store ends bit by bit as an undisturbed one",
    arguments: [FaultInjection.Fault.stop, .powerCut])
  func restarts(fault: FaultInjection.Fault) throws {
    let folder = try ScratchFolder()
    let spec = try TileArraySpec(
      shape: [5, 5], tile: [2, 2], coverage: .lowerTriangle, fingerprint: Fingerprint(["n": "5"]))
    var restarts = 0
    var state: UInt64 = fault == .stop ? 1 : 2
    func random(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }

    /// One process: creates or resumes, then writes what is missing.
    func run(_ store: String, _ disk: Disk) throws(TileStoreError) {
      let array = try TileArray.create(in: store, name: "v/k", spec: spec, disk: disk)
      let present = Set(try array.presentTiles())
      for it in 0..<3 {
        for jt in 0...it where !present.contains(TileIndex(it, jt)) {
          let (rows, columns) = spec.grid.validShape(of: TileIndex(it, jt))
          let values = (0..<(rows * columns)).map { Double(100 * it + 10 * jt + $0) }
          _ = try values.withUnsafeBufferPointer { (values) throws(TileStoreError) in
            try array.write(TileIndex(it, jt), values: values)
          }
        }
      }
    }

    /// Every file of a store but temporary ones.
    func snapshot(_ store: String) throws -> [String: [UInt8]] {
      var files: [String: [UInt8]] = [:]
      for name in try FileManager.default.subpathsOfDirectory(atPath: store)
      where !name.contains(".partial-") {
        if try !Disk().isFolder(store + "/" + name) {
          files[name] = try Disk().read(store + "/" + name)
        }
      }
      return files
    }

    try run(folder.path + "/whole.zarr", Disk())
    let whole = try snapshot(folder.path + "/whole.zarr")
    #expect(whole.count == 3 + 6)
    var trial = 0
    while restarts < 5000 {
      trial += 1
      let store = folder.path + "/\(trial).zarr"
      defer { try? FileManager.default.removeItem(atPath: store) }
      var complete = false
      while !complete {
        let faults = FaultInjection(fault, atStep: random(40), largestTransfer: 1 + random(50))
        do {
          try run(store, Disk(faults: faults))
          complete = true
        } catch {
          guard faults.hasStopped else { throw error }
          restarts += 1
          // Whatever is visible is whole.
          for (name, bytes) in (try? snapshot(store)) ?? [:] {
            #expect(bytes == whole[name], "trial \(trial): \(name)")
          }
        }
      }
      #expect(try snapshot(store) == whole)
      let array = try TileArray.open(store + "/v/k")
      try Disk().removeStaleTemporaries(in: store, recursively: true, olderThan: 0)
      for row in 0..<3 { #expect(try Disk().list(array.path + "/c/\(row)").count == row + 1) }
    }
  }
}
