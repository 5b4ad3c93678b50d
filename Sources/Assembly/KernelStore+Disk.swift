import DurableFiles
import Failures
import RankProgram
import Results
import TileSchedule

extension KernelStore {
  /// Throws where the tiles of some items do not fit on the disk. Collective.
  ///
  /// - Parameter first: the variant from which on the tiles are to be written.
  func requireDisk(
    for items: [WorkItem], fromVariant first: Int = 0, of run: RunFolder, ranks: Ranks
  ) throws {
    try ranks.onRoot {
      let bytes = items.reduce(0) { sum, item in
        sum
          + entries(ofGrid: item.grid).filter { $0.variant >= first }
          .reduce(0) { $0 + $1.array.spec.bytesPerTile }
      }
      // A shard has a second copy of its tiles while it is packed.
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
