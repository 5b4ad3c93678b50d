import DurableFiles
import Foundation

/// The relevant contents of an array's `zarr.json`: Zarr v3, core specification 3.0.
struct ZarrDescription {
  let shape: [Int]
  /// The shape of a chunk, in elements.
  let chunk: [Int]
  let dataType: String
  /// The chunk at (i, j) is at `prefix` i `separator` j.
  let prefix: String
  let separator: String
  /// Whether four bytes of CRC-32C follow each chunk.
  let hasChecksum: Bool
  /// Whether the array belongs to the store of a run.
  let isOfRun: Bool

  private struct Array: Decodable {
    struct Named: Decodable {
      struct Configuration: Decodable {
        var chunk_shape: [Int]?
        var separator: String?
        var endian: String?
      }
      let name: String
      var configuration: Configuration?
    }
    struct Attributes: Decodable {
      var tiles: String?
      var fingerprint: [String: String]?
    }
    let zarr_format: Int
    let node_type: String
    let shape: [Int]
    let data_type: String
    let chunk_grid: Named
    let chunk_key_encoding: Named
    let codecs: [Named]
    var attributes: Attributes?
  }

  private static let advice =
    "write it with zarr.create_array(..., chunks=(1024, 1024), compressors=None), or as .npy"

  /// Reads the description of the array in a folder.
  ///
  /// Local. Errors: file; badZarr if it is not an array, or an array of an unsupported kind.
  init(of path: String, disk: Disk) throws(MatrixError) {
    func refused(_ reason: String) -> MatrixError {
      .badZarr(path: path, reason: reason, advice: Self.advice)
    }
    let file = path + "/zarr.json"
    guard try onFile({ () throws(FileError) in try disk.exists(file) }) else {
      let isOld = try onFile { () throws(FileError) in try disk.exists(path + "/.zarray") }
      throw refused(
        isOld ? "is an array of Zarr v2, and only v3 is read" : "is a folder without zarr.json")
    }
    let bytes = try onFile { () throws(FileError) in try disk.read(file, limit: 1 << 24) }
    let array: Array
    do {
      array = try JSONDecoder().decode(Array.self, from: Data(bytes))
    } catch {
      throw refused("has a zarr.json that is not one of a Zarr v3 array of numbers")
    }
    guard array.zarr_format == 3, array.node_type == "array" else {
      throw refused("is a Zarr v\(array.zarr_format) \(array.node_type), not an array")
    }
    shape = array.shape
    dataType = array.data_type
    isOfRun = array.attributes?.fingerprint != nil && array.attributes?.tiles != nil
    chunk = array.chunk_grid.configuration?.chunk_shape ?? []
    let encoding = array.chunk_key_encoding
    prefix = encoding.name == "v2" ? "" : "c"
    separator = encoding.configuration?.separator ?? (encoding.name == "v2" ? "." : "/")
    hasChecksum = array.codecs.last?.name == "crc32c"
    // The store reads its own arrays and reports their problems.
    if isOfRun { return }
    let sizes = shape + chunk
    guard array.chunk_grid.name == "regular", chunk.count == shape.count, !shape.isEmpty,
      sizes.allSatisfy({ $0 > 0 && $0 <= Int(Int32.max) }),
      ["default", "v2"].contains(encoding.name)
    else { throw refused("has chunks of another kind than regular ones") }
    guard ["float32", "float64"].contains(dataType) else {
      throw .notFloating(path: path, found: dataType)
    }
    let codecs = array.codecs.map(\.name)
    guard codecs == ["bytes"] || codecs == ["bytes", "crc32c"],
      array.codecs[0].configuration?.endian == "little"
    else {
      throw refused(
        "has the codecs \(codecs.joined(separator: ", ")), and only little-endian bytes, with or "
          + "without crc32c, are read")
    }
  }

  /// The file of a chunk, relative to the folder of the array.
  func name(of place: [Int]) -> String {
    let numbers = place.map(String.init).joined(separator: separator)
    return prefix.isEmpty ? numbers : prefix + separator + numbers
  }
}
