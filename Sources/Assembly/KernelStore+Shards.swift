import TileSchedule
import TileStore
import Tiling

// Finished tiles are packed into shards as soon as a shard has all of its tiles.

extension KernelStore {
  /// The divisions of each grid into shards, each once. All arrays of a grid have the same one, unless
  /// another version made some of them.
  var shards: [[TileGrid]] {
    grids.indices.map { grid in
      var found: [TileGrid] = []
      for entry in entries(ofGrid: grid) {
        if let shards = entry.array.spec.shards, !found.contains(shards) { found.append(shards) }
      }
      return found
    }
  }

  /// Packs what is complete and still loose: where two ranks computed one tile, or an earlier job did not
  /// come to it. Removes the folders that are empty then. Local, on one rank, when no other rank of the
  /// job writes.
  ///
  /// - Returns: what is damaged, in a sentence each.
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
  /// Packs the shards that hold an item's tiles, as far as all of their tiles are there. What is damaged
  /// stays as it is: the job's end says so. Local.
  ///
  /// - Parameter poll: called before each tile; where it returns false, no more is packed.
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
  /// The array for packing. Its tiles were verified when the job began or computed since, and these may
  /// differ from those of the checksums that an earlier job kept.
  fileprivate var withoutChecksums: TileArray {
    var array = self
    array.checksums = nil
    return array
  }

  /// What is wrong with a tile that is computed again, as a sentence.
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
