import TileSchedule
import TileStore
import Tiling

// Finished tiles are packed into a shard as soon as all tiles of the shard exist.

extension KernelStore {
  /// The different divisions of each grid into shards. All arrays of a grid have the same division,
  /// unless another version of the program made some of them.
  var shards: [[TileGrid]] {
    grids.indices.map { grid in
      var found: [TileGrid] = []
      for entry in entries(ofGrid: grid) {
        if let shards = entry.array.spec.shards, !found.contains(shards) { found.append(shards) }
      }
      return found
    }
  }

  /// Packs complete shards whose tiles are still loose, because two ranks computed the same tile or
  /// an earlier job did not get to it. Then removes empty folders. Local, on one rank, when no
  /// other rank of the job writes.
  ///
  /// - Returns: one sentence for each thing that is damaged.
  func packRest() throws(TileStoreError) -> [String] {
    var damages: [String] = []
    for array in entries.map(\.array.withoutChecksums) {
      guard let shards = array.spec.shards else { continue }
      var seen: Set<TileIndex> = []
      for tile in try array.looseTiles()
      where seen.insert(shards.tile(holding: tile, of: array.spec.grid)).inserted {
        if case .damaged(let error) = try array.pack(shardOf: tile) {
          damages.append(error.description)
        }
      }
      try array.removeEmptyFolders()
    }
    return damages
  }
}

extension TileWork {
  /// Packs the shards that hold an item's tiles, if all of their tiles exist. Damaged tiles stay as
  /// they are, and the end of the job reports them. Local.
  ///
  /// - Parameter poll: called before each tile; packing stops if it returns false.
  func pack(around item: WorkItem, poll: () throws -> Bool) throws {
    var failure: (any Error)?
    for entry in store.entries(ofGrid: item.grid) {
      let packing = try entry.array.withoutChecksums.pack(shardOf: item.tile) {
        do { return try poll() } catch {
          failure = error
          return false
        }
      }
      if let failure { throw failure }
      if packing == .stopped { return }
    }
  }
}

extension TileArray {
  /// The array without checksums, for packing. Its tiles were verified when the job began or
  /// computed since. Computed tiles may differ from the checksums that an earlier job kept.
  fileprivate var withoutChecksums: TileArray {
    var array = self
    array.checksums = nil
    return array
  }

  /// A sentence that says what is wrong with a tile that will be computed again.
  func damage(_ error: TileStoreError, of tile: TileIndex) -> String {
    switch error {
    case .badShard(let path, let reason):
      return "\(path) is damaged or of another job (\(reason)); its tiles are computed again"
    case .badChecksum(_, let path), .otherTile(_, let path):
      let place = path == self.path(of: tile) ? path : "tile \(tile) in \(path)"
      return place + " is damaged or of another job (its checksum is wrong); it is computed again"
    default:
      return "\(path(of: tile)) is damaged or of another job (its size is wrong); it is computed "
        + "again"
    }
  }
}
