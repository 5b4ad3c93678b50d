import DurableFiles
import Failures
import Tiling

/// The errors of a tile store.
public enum TileStoreError: Failure, Equatable, Sendable {
  /// The operating system reported an error.
  case file(FileError)
  /// An array cannot have this name.
  case badName(String)
  /// A `zarr.json` that is missing, empty, malformed or not ours.
  case badMetadata(path: String, reason: String)
  /// An existing array was made from something else.
  case differentFingerprint(path: String, difference: Fingerprint.Difference)
  /// An existing array has another shape, tile size or storage type.
  case differentLayout(path: String, what: String, stored: String, asked: String)
  /// The array has no such tile.
  case outOfRange(tile: TileIndex, path: String)
  /// The tile has not been written yet.
  case missing(tile: TileIndex, path: String)
  /// The tile's own file was cut off or is not ours; sizes in bytes.
  case wrongSize(tile: TileIndex, path: String, found: Int, expected: Int)
  /// The tile's bytes are not those that were written.
  case badChecksum(tile: TileIndex, path: String)
  /// The tile is intact, but its checksum differs from the one kept since the array was finished.
  case otherTile(tile: TileIndex, path: String)
  /// A shard was cut off or is not ours, or its index is damaged: none of its tiles can be read, or
  /// one tile is missing.
  case badShard(path: String, reason: String)
  /// The file with the checksums of a finished array is damaged or belongs to another array.
  case badChecksums(path: String, reason: String)
  /// A finite value that float32 storage turns into infinity.
  case overflow(tile: TileIndex, path: String, value: Double)

  /// Whether computing the tile again repairs it.
  public var isRepairedByRecomputing: Bool {
    switch self {
    case .missing, .wrongSize, .badChecksum, .otherTile, .badShard: true
    default: false
    }
  }

  /// The kind of failure.
  public var kind: FailureKind {
    switch self {
    case .file(let error): error.kind
    case .badMetadata, .wrongSize, .badChecksum, .otherTile, .badShard, .badChecksums, .missing,
      .overflow:
      .badData
    case .differentFingerprint, .differentLayout: .badJob
    case .badName, .outOfRange: .internal
    }
  }

  /// One sentence with the object, the value and what to do.
  public var description: String {
    switch self {
    case .file(let error): return error.description
    case .badName(let name):
      return "\"\(name)\" cannot name an array; use words joined by /"
    case .badMetadata(let path, let reason):
      return "\(path) is not an array that ntk-dist wrote: \(reason); choose another output "
        + "folder, or remove this one"
    case .differentFingerprint(let path, let difference):
      return "\(path) was computed with \(difference.name) = \(difference.other ?? "(not set)"), "
        + "this job says \(difference.own ?? "(not set)"); choose another output folder, or "
        + "set it back"
    case .differentLayout(let path, let what, let stored, let asked):
      return "\(path) has \(what) \(stored), this job asks for \(asked); choose another output "
        + "folder, or set it back"
    case .outOfRange(let tile, let path): return "\(path) has no tile \(tile)"
    case .missing(let tile, let path):
      return "tile \(tile) is not in the store (\(path) does not exist); "
        + "run `ntk-dist assemble --resume` with its job"
    case .wrongSize(let tile, let path, let found, let expected):
      return "tile \(tile) has \(found) bytes instead of \(expected) in \(path); run `ntk-dist "
        + "assemble --resume` with its job to compute it again"
    case .badChecksum(let tile, let path):
      return "tile \(tile) fails its checksum in \(path); run `ntk-dist assemble --resume` "
        + "with its job to compute it again"
    case .otherTile(let tile, let path):
      return "tile \(tile) in \(path) is not the one that this run computed; run "
        + "`ntk-dist assemble --resume` with its job to compute it again"
    case .badShard(let path, let reason):
      return "\(path) is not a whole shard of tiles: \(reason); run `ntk-dist assemble --resume` "
        + "with its job to compute its tiles again"
    case .badChecksums(let path, let reason):
      return "\(path) does not hold the checksums of its array: \(reason); remove it and run "
        + "`ntk-dist assemble --resume` with its job"
    case .overflow(let tile, let path, let value):
      return "tile \(tile) has the value \(value), which float32 storage cannot hold (\(path)); "
        + "use float64 storage"
    }
  }
}
