import DurableFiles
import Tiling

/// The outcome of packing a shard.
public enum Packing: Equatable, Sendable {
  /// The shard was written, and none of its tiles is loose.
  case packed
  /// The shard existed already, and none of its tiles was loose.
  case unchanged
  /// A tile has not been written yet.
  case incomplete
  /// The caller asked to stop.
  case stopped
  /// A tile, or the existing shard, is damaged. All files were left as they were.
  case damaged(TileStoreError)
}

extension TileArray {
  /// Packs the shard that holds a tile, if all of its tiles exist. Does nothing for an array without shards.
  ///
  /// The bytes of the shard are a function of its tiles, so any number of ranks and jobs may pack
  /// it at the same time. Loose tiles replace the tiles in an existing shard. The loose files are
  /// removed only when the shard and its name are on disk. So every tile can be read at any time, whatever happens.
  ///
  /// - Parameter poll: called before each tile; if it returns false, nothing is changed.
  /// - Throws: `TileStoreError`: `file`.
  @discardableResult
  public func pack(
    shardOf tile: TileIndex, poll: () -> Bool = { true }
  ) throws(TileStoreError) -> Packing {
    // If the whole array has been removed, do not create anything in its place.
    guard let shards = spec.shards, try isThere() else { return .unchanged }
    let shard = shards.tile(holding: tile, of: spec.grid)
    let target = path(ofShard: shard)
    let file: PendingFile
    do {
      try disk.createFolder(above: target)
      file = try PendingFile(for: target, disk: disk)
    } catch {
      throw .file(error)
    }
    var index = ShardIndex(tiles: TileArraySpec.capacity(of: shards, spec.grid))
    var loose: [String] = []
    var offset = 0
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: spec.bytesPerTile, alignment: 64)
    defer { bytes.deallocate() }
    for tile in spec.tiles(ofShard: shard, in: shards) {
      guard poll() else { return .stopped }
      do {
        let source = try copy(tile, to: file, through: bytes)
        if source != target { loose.append(source) }
      } catch {
        if case .missing = error { return .incomplete }
        guard error.isRepairedByRecomputing else { throw error }
        return .damaged(error)
      }
      index[spec.place(of: tile, in: shards)] = (offset, bytes.count)
      offset += bytes.count
    }
    guard !loose.isEmpty else { return .unchanged }
    do {
      try file.write(index.encoded)
      // The shard keeps the time of its first tile, which comes first in the plan. Together with
      // the time when the shard got its name, this tells how fast its tiles were finished.
      var first = try disk.timeWritten(target)
      if first == nil { first = try disk.timeWritten(loose[0]) }
      if let first { try file.setTimeWritten(first) }
      try file.publish()
      for path in loose { try disk.remove(path, flushesFolder: false) }
      try disk.removeEmptyFolder(folder(of: tile))
    } catch {
      throw .file(error)
    }
    return .packed
  }

  /// Verifies a tile and appends its bytes to a file. Returns the path of the file that held the tile.
  private func copy(
    _ tile: TileIndex, to file: borrowing PendingFile,
    through bytes: UnsafeMutableRawBufferPointer
  ) throws(TileStoreError) -> String {
    let payload = UnsafeMutableRawBufferPointer(rebasing: bytes.dropLast(4))
    let (checksum, source) = try fetch(tile, into: payload)
    bytes.storeBytes(of: checksum.littleEndian, toByteOffset: payload.count, as: UInt32.self)
    do {
      try file.write(UnsafeRawBufferPointer(bytes))
    } catch {
      throw .file(error)
    }
    return source
  }
}
