import DurableFiles
import Tiling

// The places of the tiles of a sharded array: in their shard, or loose until the shard is packed.

extension TileArray {
  /// The folder of the tiles that are not packed yet, next to the chunks of Zarr. It has a folder
  /// for each shard, so that the tiles of one shard can be listed and removed together.
  var looseFolder: String { path + "/loose" }

  /// The name of the folder of a shard's loose tiles, or of the file of such a tile: `3.1`.
  func looseName(_ index: TileIndex) -> String {
    spec.grid.isLine ? "\(index.it)" : "\(index.it).\(index.jt)"
  }

  /// The index that a name made by `looseName` stands for; nil for other names.
  func looseIndex(_ name: String) -> TileIndex? {
    let numbers = name.split(separator: ".", omittingEmptySubsequences: false).map { number($0) }
    guard let it = numbers[0] else { return nil }
    if spec.grid.isLine { return numbers.count == 1 ? TileIndex(it) : nil }
    guard numbers.count == 2, let jt = numbers[1] else { return nil }
    return TileIndex(it, jt)
  }

  /// The file of a shard.
  func path(ofShard shard: TileIndex) -> String {
    chunks(ofRow: shard.it) + "/\(spec.grid.isLine ? shard.it : shard.jt)"
  }

  /// The file that holds a tile now.
  ///
  /// - Throws: `TileStoreError`.
  public func file(of tile: TileIndex) throws(TileStoreError) -> String {
    let own = path(of: tile)
    guard let shards = spec.shards else { return own }
    let isLoose = try onFile { () throws(FileError) in try disk.exists(own) }
    return isLoose ? own : path(ofShard: shards.tile(holding: tile, of: spec.grid))
  }

  /// Reads the bytes of a tile and its checksum from its shard. Returns the path of the shard.
  func loadPacked(
    _ tile: TileIndex, _ shards: TileGrid, into payload: UnsafeMutableRawBufferPointer,
    trailer: UnsafeMutableRawBufferPointer
  ) throws(TileStoreError) -> String {
    let path = path(ofShard: shards.tile(holding: tile, of: spec.grid))
    let file: ReadableFile
    do {
      file = try ReadableFile(path, disk: disk)
    } catch {
      throw error.isMissing ? .missing(tile: tile, path: path) : .file(error)
    }
    let index = try index(of: file, tiles: TileArraySpec.capacity(of: shards, spec.grid))
    guard let place = index[spec.place(of: tile, in: shards)] else {
      throw .badShard(path: path, reason: "it has no tile \(tile)")
    }
    guard place.count == spec.bytesPerTile, place.offset < file.size else {
      throw .badShard(path: path, reason: "its index is not of tiles of this array")
    }
    var read = 0
    do {
      read = try file.read(payload, at: place.offset)
      if read == payload.count { read += try file.read(trailer, at: place.offset + read) }
    } catch {
      throw .file(error)
    }
    guard read == place.count else {
      throw .badShard(path: path, reason: "tile \(tile) lies beyond its end")
    }
    return path
  }

  /// The table at the end of a shard with room for `tiles` tiles.
  private func index(
    of file: borrowing ReadableFile, tiles: Int
  ) throws(TileStoreError) -> ShardIndex {
    var bytes = [UInt8](repeating: 0, count: ShardIndex.byteCount(tiles: tiles))
    let start = file.size - bytes.count
    guard start >= 0 else {
      throw .badShard(path: file.path, reason: "it has only \(file.size) bytes")
    }
    do {
      _ = try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
        try file.read(UnsafeMutableRawBufferPointer(buffer), at: start)
      }
    } catch {
      throw .file(error)
    }
    guard let index = ShardIndex(bytes) else {
      throw .badShard(path: file.path, reason: "the checksum of its index is wrong")
    }
    let expected = index.count * spec.bytesPerTile
    guard start == expected else {
      throw .badShard(
        path: file.path, reason: "its tiles have \(start) bytes instead of \(expected)")
    }
    return index
  }
}
