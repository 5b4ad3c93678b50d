import DurableFiles

/// A matrix or vector kept as a Zarr v3 array of tiles: the store and the checkpoint of a kernel.
///
/// A value without open files. Any number of ranks on any hosts may use the same array; a tile
/// appears whole or not at all.
public struct TileArray: Sendable {
  /// The folder of the array.
  public let path: String

  /// What the array is.
  public let spec: TileArraySpec

  let disk: Disk

  init(path: String, spec: TileArraySpec, disk: Disk) {
    (self.path, self.spec, self.disk) = (path, spec, disk)
  }

  /// Creates an array and the groups above it, or opens the one a former run left.
  ///
  /// Local, and on one rank only; the others `open` afterwards. A crash at any point leaves
  /// something that the same call continues from.
  ///
  /// - Parameters:
  ///   - store: the folder of the root group, such as `RUN/kernels.zarr`.
  ///   - name: the array in it; slashes make nested groups (`depth=30,weight_variance=1.76/ntk_train`).
  /// - Throws: `TileStoreError`; `differentFingerprint` or `differentLayout` where an array of other
  ///   content is there.
  public static func create(
    in store: String, name: String, spec: TileArraySpec, disk: Disk = Disk()
  ) throws(TileStoreError) -> TileArray {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    // Zarr reserves names of dots and those that start with two underscores.
    guard parts.allSatisfy({ !$0.allSatisfy { $0 == "." } && !$0.hasPrefix("__") }),
      !parts.contains(ZarrMetadata.fileName)
    else { throw .badSpec(reason: "\"\(name)\" cannot name an array; use words joined by /") }
    var path = store
    for part in parts {
      try createGroup(path, disk: disk)
      path += "/" + part
    }
    let metadata = path + "/" + ZarrMetadata.fileName
    let array = TileArray(path: path, spec: spec, disk: disk)
    do {
      if try disk.exists(metadata) {
        try array.checkEqual(to: try open(path, disk: disk))
        return array
      }
      try disk.createFolder(path)
      // Tiles come after zarr.json has reached the disk; without it nobody knows what they are of.
      if try disk.exists(path + "/c") {
        // Another job may have made both since the look above.
        guard try disk.exists(metadata) else {
          throw TileStoreError.badMetadata(path: path, reason: "it holds tiles but no zarr.json")
        }
        try array.checkEqual(to: try open(path, disk: disk))
        return array
      }
      try disk.publish(ZarrMetadata.array(spec).rendered() + "\n", to: metadata)
    } catch {
      throw TileStoreError(wrapping: error)
    }
    return array
  }

  /// Opens an array that exists.
  ///
  /// - Throws: `TileStoreError.badMetadata` where it is missing, damaged or not ours.
  public static func open(_ path: String, disk: Disk = Disk()) throws(TileStoreError) -> TileArray {
    let metadata = path + "/" + ZarrMetadata.fileName
    let bytes: [UInt8]
    do {
      bytes = try disk.read(metadata)
    } catch {
      guard error.isMissing else { throw .file(error) }
      throw .badMetadata(path: path, reason: "it has no zarr.json")
    }
    return TileArray(path: path, spec: try ZarrMetadata.spec(bytes, path: metadata), disk: disk)
  }

  /// The folder that holds a row of tiles; of a one-dimensional array all of them.
  func folder(ofRow it: Int) -> String {
    spec.shape.count == 2 ? "\(path)/c/\(it)" : "\(path)/c"
  }

  /// The file of a tile.
  public func path(of tile: TileIndex) -> String {
    folder(ofRow: tile.it) + "/\(spec.shape.count == 2 ? tile.jt : tile.it)"
  }

  private static func createGroup(_ path: String, disk: Disk) throws(TileStoreError) {
    let metadata = path + "/" + ZarrMetadata.fileName
    do {
      if try disk.exists(metadata) {
        _ = try ZarrMetadata.parse(try disk.read(metadata), path: metadata, nodeType: "group")
        return
      }
      try disk.createFolder(path)
      try disk.publish(ZarrMetadata.group.rendered() + "\n", to: metadata)
    } catch {
      throw TileStoreError(wrapping: error)
    }
  }

  private func checkEqual(to stored: TileArray) throws(TileStoreError) {
    if let difference = spec.fingerprint.firstDifference(to: stored.spec.fingerprint) {
      throw .differentFingerprint(path: path, difference: difference)
    }
    let (mine, theirs) = (spec, stored.spec)
    let layout = [
      ("shape", "\(theirs.shape)", "\(mine.shape)"), ("tiles of", "\(theirs.tile)", "\(mine.tile)"),
      ("storage", theirs.storage.rawValue, mine.storage.rawValue),
      ("tiles for", theirs.coverage.rawValue, mine.coverage.rawValue),
    ]
    for (what, stored, asked) in layout where stored != asked {
      throw .differentLayout(path: path, what: what, stored: stored, asked: asked)
    }
  }
}

extension TileStoreError {
  /// One of the two errors that the bodies above can meet.
  init(wrapping error: any Error) {
    switch error {
    case let error as TileStoreError: self = error
    case let error as FileError: self = .file(error)
    default: self = .badSpec(reason: "\(error)")
    }
  }
}
