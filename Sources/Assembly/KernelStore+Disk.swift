import DurableFiles
import Failures
import RankProgram
import Results
import TileSchedule

extension KernelStore {
  /// Flushes the names of tiles to disk. This is needed if a user or a producer may then delete the tiles' source.
  /// Local; each rank flushes its share of the names.
  ///
  /// - Parameter variant: the variant that the tiles belong to; nil for all.
  func flushNames(of items: [WorkItem], variant: Int? = nil, ranks: Ranks) throws {
    // Neighbors share folders, so that few ranks flush the same one.
    let ordered = items.sorted { ($0.grid, $0.tile) < ($1.grid, $1.tile) }
    let first = ordered.count * ranks.rank / ranks.count
    let end = ordered.count * (ranks.rank + 1) / ranks.count
    for (grid, items) in Dictionary(grouping: ordered[first..<end], by: \.grid) {
      for entry in entries(ofGrid: grid) where variant ?? entry.variant == entry.variant {
        try entry.array.flushNames(of: items.map(\.tile))
      }
    }
  }

  /// Throws if the tiles of `items` do not fit on the disk. Collective.
  ///
  /// - Parameter first: the first variant whose tiles will be written; all later variants are written too.
  func requireDisk(
    for items: [WorkItem], fromVariant first: Int = 0, of run: RunFolder, ranks: Ranks
  ) throws {
    try ranks.onRoot {
      var (bytes, shards, largest) = (0, 0, 0)
      for (grid, items) in Dictionary(grouping: items, by: \.grid) {
        for spec in entries(ofGrid: grid).filter({ $0.variant >= first }).map(\.array.spec) {
          bytes += items.count * spec.bytesPerTile
          guard let shape = spec.shards else { continue }
          shards += Set(items.map { shape.tile(holding: $0.tile, of: spec.grid) }).count
          largest = max(largest, min(spec.bytesPerShard, spec.byteCount))
        }
      }
      // While a rank packs a shard, a second copy of its tiles exists.
      let copies = min(ranks.count, shards) * largest
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
