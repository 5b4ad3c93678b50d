import DurableFiles
import Failures
import RankProgram
import Results
import TileSchedule

extension KernelStore {
  /// Throws if the tiles of `items` do not fit on the disk. Collective.
  ///
  /// - Parameter first: the first variant whose tiles will be written; all later variants are written too.
  func requireDisk(
    for items: [WorkItem], fromVariant first: Int = 0, of run: RunFolder, ranks: Ranks
  ) throws {
    try ranks.onRoot {
      let bytes = items.reduce(0) { sum, item in
        sum
          + entries(ofGrid: item.grid).filter { $0.variant >= first }
          .reduce(0) { $0 + $1.array.spec.bytesPerTile }
      }
      // While a shard is packed, a second copy of its tiles exists.
      let copies = ranks.count * entries.reduce(0) { max($0, $1.array.spec.bytesPerShard) }
      let free = try Disk().freeBytes(at: run.path)
      guard bytes > 0, bytes + copies > free else { return }
      throw Refusal(
        .inputOutput,
        "no space for the tiles to compute, which take \(readable(bytes: bytes)): the disk that holds "
          + "\(run.path) has \(readable(bytes: free)) free; choose another output folder, or "
          + "storage: f32")
    }
  }
}
