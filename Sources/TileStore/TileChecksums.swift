import DurableFiles
import Foundation
import Tiling

/// The checksums of an array's tiles, or of a shard's part of them.
///
/// A tile's file carries its own checksum, which says that the file is whole, but not that it is
/// this array's. These do: they are kept outside the array since it was finished, together with
/// its fingerprint.
public struct TileChecksums: Equatable, Sendable {
  private let grid: TileGrid
  /// By the tiles' numbers in the grid; nil where unknown.
  private var values: [UInt32?]

  /// Checksums of an array with the given grid, none of them known.
  public init(_ grid: TileGrid) {
    self.grid = grid
    values = Array(repeating: nil, count: grid.count)
  }

  /// The checksum of a tile; nil where it is unknown.
  ///
  /// - Precondition: the grid has the tile.
  public subscript(tile: TileIndex) -> UInt32? {
    get { values[grid.index(of: tile)] }
    set { values[grid.index(of: tile)] = newValue }
  }

  /// Takes the known checksums of another part of the same array.
  public mutating func formUnion(_ other: TileChecksums) {
    for (index, value) in other.values.enumerated() where value != nil { values[index] = value }
  }

  /// The file that keeps them.
  private struct Document: Codable {
    var format = 1
    /// The last part of the array's path, such as ntk_train.
    let array: String
    let shape: [Int]
    let tile: [Int]
    let tiles: String
    let storage: String
    let fingerprint: [String: String]
    /// CRC-32C of every tile in the grid's order.
    let crc32c: [UInt32?]
    /// CRC-32C of all of the above.
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

  /// Reads the file's content. Throws where it is damaged or of another array.
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
  /// Bytes of the largest file of checksums that is read.
  private static let limit = 1 << 28

  private var name: String { String(path.split(separator: "/").last ?? "") }

  /// The checksums in a file; nil where there is no such file.
  ///
  /// - Throws: `TileStoreError`: `badChecksums` where it is damaged or of another array.
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

  /// Keeps checksums in a file, whose folder must exist.
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
