import DurableFiles
import Foundation
import Tiling

/// The checksums of the tiles of an array, or of a shard's part of them.
///
/// The file of a tile contains its own checksum. That checksum shows that the file is intact, but
/// not that it belongs to this array. The checksums here show both: they have been kept outside the
/// array since it was finished, together with its fingerprint.
public struct TileChecksums: Equatable, Sendable {
  private let grid: TileGrid
  /// The checksums, by the numbers of the tiles in the grid; nil if unknown.
  private var values: [UInt32?]

  /// Creates checksums for an array with the given grid; all are unknown.
  public init(_ grid: TileGrid) {
    self.grid = grid
    values = Array(repeating: nil, count: grid.count)
  }

  /// The checksum of a tile; nil if it is unknown.
  ///
  /// - Precondition: the grid has the tile.
  public subscript(tile: TileIndex) -> UInt32? {
    get { values[grid.index(of: tile)] }
    set { values[grid.index(of: tile)] = newValue }
  }

  /// Adds the known checksums of another part of the same array.
  public mutating func formUnion(_ other: TileChecksums) {
    for (index, value) in other.values.enumerated() where value != nil { values[index] = value }
  }

  /// The contents of the file that keeps the checksums.
  private struct Document: Codable {
    var format = 1
    /// The last component of the array's path, such as ntk_train.
    let array: String
    let shape: [Int]
    let tile: [Int]
    let tiles: String
    let storage: String
    let fingerprint: [String: String]
    /// The CRC-32C of every tile, in the order of the grid.
    let crc32c: [UInt32?]
    /// The CRC-32C of all of the above.
    var checksum: UInt32?
  }

  private static func encoded(_ document: Document) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(document)) + [UInt8(ascii: "\n")]
  }

  fileprivate func bytes(of array: String, _ spec: TileArraySpec) throws -> [UInt8] {
    var document = Document(
      array: array, shape: spec.grid.shape, tile: spec.grid.tileShape,
      tiles: spec.grid.coverage.rawValue,
      storage: spec.storage.rawValue,
      fingerprint: Dictionary(
        spec.fingerprint.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
      crc32c: values)
    document.checksum = try TileChecksums.encoded(document).withUnsafeBytes(CRC32C.checksum)
    return try TileChecksums.encoded(document)
  }

  /// Reads the contents of the file. Throws if they are damaged or belong to another array.
  fileprivate init(
    _ bytes: [UInt8], of array: String, _ spec: TileArraySpec
  ) throws(Mismatch) {
    let found: Document
    do {
      found = try JSONDecoder().decode(Document.self, from: Data(bytes))
    } catch {
      throw Mismatch(reason: jsonProblem(error, in: bytes))
    }
    var content = found
    content.checksum = nil
    guard let checksum = try? TileChecksums.encoded(content).withUnsafeBytes(CRC32C.checksum),
      checksum == found.checksum
    else { throw Mismatch(reason: "its own checksum is wrong") }
    guard found.array == array else { throw Mismatch(reason: "it is of \(found.array)") }
    let fingerprint = Fingerprint(found.fingerprint)
    if let difference = spec.fingerprint.firstDifference(to: fingerprint) {
      throw Mismatch(
        reason: "it is of an array with \(difference.name) = \(difference.other ?? "(not set)")")
    }
    let layout = [
      ("format", "\(found.format)", "1"), ("shape", "\(found.shape)", "\(spec.grid.shape)"),
      ("tile", "\(found.tile)", "\(spec.grid.tileShape)"),
      ("storage", found.storage, spec.storage.rawValue),
      ("set of tiles", found.tiles, spec.grid.coverage.rawValue),
      ("number of tiles", "\(found.crc32c.count)", "\(spec.grid.count)"),
    ]
    for (what, stored, own) in layout where stored != own {
      throw Mismatch(reason: "its \(what) is \(stored), not \(own)")
    }
    grid = spec.grid
    values = found.crc32c
  }

  fileprivate struct Mismatch: Error { let reason: String }
}

extension TileArray {
  /// The size in bytes of the largest file of checksums that is read.
  private static let limit = 1 << 28

  private var name: String { String(path.split(separator: "/").last ?? "") }

  /// The checksums in a file; nil if the file does not exist.
  ///
  /// - Throws: `TileStoreError`: `badChecksums` if the file is damaged or belongs to another array.
  public func readChecksums(_ path: String) throws(TileStoreError) -> TileChecksums? {
    let bytes = try onFile { () throws(FileError) in
      try disk.exists(path) ? try disk.read(path, limit: TileArray.limit) : nil
    }
    guard let bytes else { return nil }
    do {
      return try TileChecksums(bytes, of: name, spec)
    } catch {
      throw .badChecksums(path: path, reason: error.reason)
    }
  }

  /// Writes checksums to a file, whose folder must exist.
  ///
  /// - Throws: `TileStoreError`.
  public func publish(_ checksums: TileChecksums, to path: String) throws(TileStoreError) {
    let bytes: [UInt8]
    do {
      bytes = try checksums.bytes(of: name, spec)
    } catch {
      throw .badChecksums(path: path, reason: "\(error)")
    }
    try onFile { () throws(FileError) in try disk.publish(bytes, to: path) }
  }
}
