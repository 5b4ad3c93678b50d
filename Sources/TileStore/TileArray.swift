import DurableFiles
import Tiling

/// A matrix or vector stored as a Zarr v3 array of tiles: the store and the checkpoint of a kernel.
///
/// This is a value without open files. Any number of ranks on any hosts may use the same array. A
/// tile appears either whole or not at all.
public struct TileArray: Sendable {
  /// The folder of the array.
  public let path: String

  /// The description of the array.
  public let spec: TileArraySpec

  /// The known checksums of the tiles since the array was finished. A tile with a different checksum is damaged.
  public var checksums: TileChecksums?

  let disk: Disk

  init(path: String, spec: TileArraySpec, disk: Disk) {
    (self.path, self.spec, self.disk) = (path, spec, disk)
  }

  /// Creates an array and the groups above it, or opens the array that an earlier run left.
  ///
  /// Local, and on one rank only; the other ranks `open` the array afterwards. After a crash at any
  /// point, the same call can continue from what is left.
  ///
  /// - Parameters:
  ///   - store: the folder of the root group, such as `RUN/kernels.zarr`.
  ///   - name: the name of the array in the store; slashes make nested groups
  ///     (`depth=30,weight_variance=1.76/ntk_train`).
  /// - Returns: the array. An existing array that was made with other shards, or without shards, keeps them.
  /// - Throws: `TileStoreError`; `differentFingerprint` or `differentLayout` if an array with other content exists.
  public static func create(
    in store: String, name: String, spec: TileArraySpec, disk: Disk = Disk()
  ) throws(TileStoreError) -> TileArray {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    // Zarr reserves names that consist of dots and names that start with two underscores.
    guard parts.allSatisfy({ !$0.allSatisfy { $0 == "." } && !$0.hasPrefix("__") }),
      !parts.contains(ZarrMetadata.fileName)
    else { throw .badName(name) }
    var path = store
    for part in parts {
      try createGroup(path, disk: disk)
      path += "/" + part
    }
    let metadata = path + "/" + ZarrMetadata.fileName
    let array = TileArray(path: path, spec: spec, disk: disk)
    func exists(_ path: String) throws(TileStoreError) -> Bool {
      try onFile { () throws(FileError) in try disk.exists(path) }
    }
    if try !exists(metadata) {
      try onFile { () throws(FileError) in try disk.createFolder(path) }
      if try !exists(path + "/c"), try !exists(array.looseFolder) {
        // zarr.json reaches the disk before any tile, because without it the meaning of a tile is unknown.
        try onFile { () throws(FileError) in
          try disk.publish(ZarrMetadata.array(spec), to: metadata)
        }
        return array
      }
      // Another job may have created both since the check above.
      guard try exists(metadata) else {
        throw .badMetadata(path: path, reason: "it holds tiles but no zarr.json")
      }
    }
    let stored = try open(path, disk: disk)
    try array.checkEqual(to: stored)
    return stored
  }

  /// Opens an array that exists.
  ///
  /// - Throws: `TileStoreError.badMetadata` if the array is missing, damaged or not ours.
  public static func open(_ path: String, disk: Disk = Disk()) throws(TileStoreError) -> TileArray {
    let metadata = path + "/" + ZarrMetadata.fileName
    let bytes: [UInt8]
    do {
      bytes = try disk.read(metadata, limit: ZarrMetadata.limit)
    } catch {
      guard error.isMissing else { throw .file(error) }
      throw .badMetadata(path: path, reason: "it has no zarr.json")
    }
    return TileArray(path: path, spec: try ZarrMetadata.spec(bytes, path: metadata), disk: disk)
  }

  /// The folder of the file of a tile.
  func folder(of tile: TileIndex) -> String {
    guard let shards = spec.shards else { return chunks(ofRow: tile.it) }
    return looseFolder + "/" + looseName(shards.tile(holding: tile, of: spec.grid))
  }

  /// The file that a tile is written to, either permanently or until its shard is packed.
  public func path(of tile: TileIndex) -> String {
    let name =
      spec.shards != nil ? looseName(tile) : "\(spec.grid.isLine ? tile.it : tile.jt)"
    return folder(of: tile) + "/" + name
  }

  /// The folder that holds one row of Zarr's chunks (tiles or shards); for a one-dimensional array, all chunks.
  func chunks(ofRow row: Int) -> String { spec.grid.isLine ? "\(path)/c" : "\(path)/c/\(row)" }

  private static func createGroup(_ path: String, disk: Disk) throws(TileStoreError) {
    let metadata = path + "/" + ZarrMetadata.fileName
    let bytes = try onFile { () throws(FileError) -> [UInt8]? in
      guard try disk.exists(metadata) else {
        try disk.createFolder(path)
        try disk.publish(ZarrMetadata.group, to: metadata)
        return nil
      }
      return try disk.read(metadata, limit: ZarrMetadata.limit)
    }
    if let bytes { try ZarrMetadata.check(bytes, path: metadata, isNode: "group") }
  }

  private func checkEqual(to stored: TileArray) throws(TileStoreError) {
    if let difference = spec.fingerprint.firstDifference(to: stored.spec.fingerprint) {
      throw .differentFingerprint(path: path, difference: difference)
    }
    let (mine, theirs) = (spec, stored.spec)
    let layout = [
      ("shape", "\(theirs.grid.shape)", "\(mine.grid.shape)"),
      ("tiles of", "\(theirs.grid.tileShape)", "\(mine.grid.tileShape)"),
      ("storage", theirs.storage.rawValue, mine.storage.rawValue),
      ("tiles for", theirs.grid.coverage.rawValue, mine.grid.coverage.rawValue),
    ]
    for (what, stored, asked) in layout where stored != asked {
      throw .differentLayout(path: path, what: what, stored: stored, asked: asked)
    }
  }
}

/// Runs a body that works on files and converts its errors to the error type of this module.
func onFile<Result>(_ body: () throws(FileError) -> Result) throws(TileStoreError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}
