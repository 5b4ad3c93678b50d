import DurableFiles
import Foundation
import RankProgram
import Results
import TileSchedule
import TileStore
import Tiling

/// The checksums of the items that this rank has written or verified, to be kept when the job's part
/// of the store is finished.
struct KeptChecksums {
  private var known: [WorkItem: [UInt32]] = [:]

  /// Adds those of one item: one per array of its grid.
  subscript(item: WorkItem) -> [UInt32]? {
    get { known[item] }
    set { known[item] = newValue }
  }

  /// Adds those of many items.
  mutating func add(_ items: [WorkItem: [UInt32]]) { known.merge(items) { $1 } }

  /// Publishes those of all ranks, a file for each array. Collective.
  func publish(of store: KernelStore, to run: RunFolder, ranks: Ranks) throws {
    var words: [UInt32] = []
    for (item, values) in known {
      words += [UInt32(item.grid), UInt32(item.tile.it), UInt32(item.tile.jt)] + values
    }
    let lists = try ranks.world.gather(words.withUnsafeBytes { Array($0) }) ?? []
    let counts = store.grids.indices.map { store.entries(ofGrid: $0).count }
    try ranks.onRoot {
      for grid in store.grids.indices {
        let entries = store.entries(ofGrid: grid)
        var all = entries.map { TileChecksums($0.array.spec.grid) }
        for list in lists {
          list.withUnsafeBytes {
            KeptChecksums.take(grid, from: $0, entries: counts, into: &all)
          }
        }
        for (entry, checksums) in zip(entries, all) {
          let path = run.checksums(ofArray: entry.name)
          try Disk().createFolder((path as NSString).deletingLastPathComponent)
          try entry.array.publish(checksums, to: path)
        }
      }
    }
  }

  /// Takes the checksums of one grid out of a rank's list.
  private static func take(
    _ grid: Int, from list: UnsafeRawBufferPointer, entries: [Int],
    into all: inout [TileChecksums]
  ) {
    func word(_ place: Int) -> UInt32 {
      list.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self)
    }
    var place = 0
    while 4 * place < list.count {
      let found = Int(word(place))
      if found == grid {
        let tile = TileIndex(Int(word(place + 1)), Int(word(place + 2)))
        for entry in all.indices { all[entry][tile] = word(place + 3 + entry) }
      }
      place += 3 + entries[found]
    }
  }
}
