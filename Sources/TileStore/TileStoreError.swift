import DurableFiles
import Failures

/// What can be wrong with a tile store, told as one sentence.
public enum TileStoreError: Failure, Equatable, Sendable {
  /// The operating system refused.
  case file(FileError)
  /// An array that cannot exist: a shape, tile or name that makes no sense.
  case badSpec(reason: String)
  /// A `zarr.json` that is missing, empty, malformed or not ours.
  case badMetadata(path: String, reason: String)
  /// An existing array was made from something else.
  case differentFingerprint(path: String, difference: Fingerprint.Difference)
  /// An existing array has another shape, tile or storage.
  case differentLayout(path: String, what: String, stored: String, asked: String)
  /// The array has no such tile.
  case outOfRange(tile: TileIndex, path: String)
  /// The tile was not written yet.
  case missing(tile: TileIndex, path: String)
  /// The tile's file was cut or is foreign; sizes in bytes.
  case wrongSize(tile: TileIndex, path: String, found: Int, expected: Int)
  /// The tile's bytes are not those that were written.
  case badChecksum(tile: TileIndex, path: String)
  /// A finite value that float32 storage turns into infinity.
  case overflow(tile: TileIndex, path: String, value: Double)

  /// Whether computing the tile again repairs it.
  public var isRepairedByRecomputing: Bool {
    switch self {
    case .missing, .wrongSize, .badChecksum: true
    default: false
    }
  }

  /// What kind of failure it is.
  public var kind: FailureKind {
    switch self {
    case .file(let error): error.kind
    case .badMetadata, .wrongSize, .badChecksum, .missing, .overflow: .badData
    case .differentFingerprint, .differentLayout: .badJob
    case .badSpec, .outOfRange: .internal
    }
  }

  /// One sentence with the object, the value and what to do.
  public var description: String {
    switch self {
    case .file(let error): return error.description
    case .badSpec(let reason): return reason
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
    case .overflow(let tile, let path, let value):
      return "tile \(tile) has the value \(value), which float32 storage cannot hold (\(path)); "
        + "use float64 storage"
    }
  }
}

/// Which tile of an array: row `it`, column `jt` of tiles; `jt` is 0 in one-dimensional arrays.
public struct TileIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The row of tiles.
  public let it: Int
  /// The column of tiles.
  public let jt: Int

  /// The tile in row `it` and column `jt`.
  public init(_ it: Int, _ jt: Int = 0) {
    self.it = it
    self.jt = jt
  }

  /// Row by row.
  public static func < (a: TileIndex, b: TileIndex) -> Bool { (a.it, a.jt) < (b.it, b.jt) }

  /// `(it, jt)`.
  public var description: String { "(\(it), \(jt))" }
}
