import DurableFiles
import RankProgram
import Results
import TileSchedule
import TileStore
import Tiling

extension KernelStore {
  /// Publishes the checksums of the job's finished part of the store, in one file for each array.
  /// Collective.
  ///
  /// - Parameter known: the checksums of the items that this rank has written or verified, one per
  ///   array of the item's grid.
  func publish(_ known: [WorkItem: [UInt32]], to run: RunFolder, ranks: Ranks) throws {
    var words: [UInt32] = []
    for (item, values) in known {
      words += [UInt32(item.grid), UInt32(item.tile.it), UInt32(item.tile.jt)] + values
    }
    let lists = try ranks.world.gather(words.withUnsafeBytes { Array($0) }) ?? []
    try ranks.onRoot {
      var kept = entries.map { TileChecksums($0.array.spec.grid) }
      for list in lists {
        list.withUnsafeBytes { take($0.bindMemory(to: UInt32.self), into: &kept) }
      }
      for (entry, checksums) in zip(entries, kept) {
        let path = run.checksums(ofArray: entry.name)
        try Disk().createFolder(above: path)
        try entry.array.publish(checksums, to: path)
      }
    }
  }

  /// Adds a rank's list to the checksums of every array.
  private func take(_ words: UnsafeBufferPointer<UInt32>, into kept: inout [TileChecksums]) {
    let places = parts.map { part in
      entries.indices.filter { entries[$0].part.gridPart == part }
    }
    var words = words.makeIterator()
    while let grid = words.next(), let it = words.next(), let jt = words.next() {
      for place in places[Int(grid)] { kept[place][TileIndex(Int(it), Int(jt))] = words.next() }
    }
  }
}
