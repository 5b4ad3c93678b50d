import Foundation
import Tiling

/// The `zarr.json` of groups and arrays: Zarr v3, core specification 3.0.
enum ZarrMetadata {
  static let fileName = "zarr.json"
  /// The size in bytes of the largest `zarr.json` that is read; a fingerprint holds a network on one line.
  static let limit = 1 << 24

  static let group = """
    {
      "zarr_format": 3,
      "node_type": "group",
      "attributes": {}
    }

    """

  /// The text of an array's `zarr.json`. The order of keys is fixed, so that equal arrays have equal
  /// bytes.
  static func array(_ spec: TileArraySpec) -> String {
    let fields = spec.fingerprint.fields.map { "\n      \(quoted($0.name)): \(quoted($0.value))" }
    let fingerprint = fields.isEmpty ? "{}" : "{" + fields.joined(separator: ",") + "\n    }"
    return """
      {
        "zarr_format": 3,
        "node_type": "array",
        "shape": \(spec.grid.shape),
        "data_type": "\(spec.storage.rawValue)",
        "chunk_grid": {
          "name": "regular",
          "configuration": {
            "chunk_shape": \((spec.shards ?? spec.grid).tileShape)
          }
        },
        "chunk_key_encoding": {
          "name": "default",
          "configuration": {
            "separator": "/"
          }
        },
        "fill_value": "NaN",
        "codecs": \(ZarrCodec.text(spec)),
        "attributes": {
          "tiles": "\(spec.grid.coverage.rawValue)",
          "fingerprint": \(fingerprint)
        },
        "storage_transformers": []
      }

      """
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The fields that every node has.
  private struct Node: Decodable {
    let zarr_format: Int
    let node_type: String
  }

  private struct ArrayNode: Decodable {
    let shape: [Int]
    let data_type: String
    let chunk_grid: ChunkGrid
    let chunk_key_encoding: ZarrCodec
    let fill_value: String
    let codecs: [ZarrCodec]
    let attributes: Attributes
    let storage_transformers: [ZarrCodec]?
  }

  private struct ChunkGrid: Decodable {
    struct Configuration: Decodable { let chunk_shape: [Int] }
    let name: String
    let configuration: Configuration
  }

  private struct Attributes: Decodable {
    let tiles: String
    let fingerprint: [String: String]
  }

  /// Throws if the bytes of a file are not a Zarr v3 node of the given type.
  static func check(_ bytes: [UInt8], path: String, isNode type: String) throws(TileStoreError) {
    let node = try decode(Node.self, bytes, path)
    guard node.zarr_format == 3, node.node_type == type else {
      throw .badMetadata(
        path: path,
        reason: "it is a Zarr v\(node.zarr_format) \(node.node_type) instead of a Zarr v3 \(type)")
    }
  }

  /// The array that a `zarr.json` describes. Throws if this program would not write such an array.
  static func spec(_ bytes: [UInt8], path: String) throws(TileStoreError) -> TileArraySpec {
    try check(bytes, path: path, isNode: "array")
    func refused(_ reason: String) -> TileStoreError { .badMetadata(path: path, reason: reason) }
    let node = try decode(ArrayNode.self, bytes, path)
    guard let storage = TileArraySpec.Storage(rawValue: node.data_type) else {
      throw refused("data_type is \"\(node.data_type)\" instead of float64 or float32")
    }
    guard let coverage = TileGrid.Coverage(rawValue: node.attributes.tiles) else {
      throw refused("its attribute tiles is \"\(node.attributes.tiles)\"")
    }
    func grid(_ tile: [Int]) throws(TileStoreError) -> TileGrid {
      do {
        return try TileGrid(shape: node.shape, tile: tile, coverage: coverage)
      } catch {
        throw refused(error.description)
      }
    }
    let chunks = try grid(node.chunk_grid.configuration.chunk_shape)
    let innerShape = node.codecs.first?.configuration?.chunk_shape
    let inner = try innerShape.map { (shape) throws(TileStoreError) in try grid(shape) }
    guard inner?.divides(chunks) ?? true else {
      throw refused(
        "its shards of \(chunks.tileShape) are not made of tiles of \(innerShape ?? [])")
    }
    // All other fields are the same in every array that this program writes.
    func require<Value: Equatable>(
      _ name: String, _ found: Value, is ours: Value
    ) throws(TileStoreError) {
      guard found == ours else { throw refused("its \(name) is \(found) instead of \(ours)") }
    }
    try require("chunk_grid.name", node.chunk_grid.name, is: "regular")
    try require(
      "chunk_key_encoding", node.chunk_key_encoding,
      is: ZarrCodec(name: "default", configuration: .init(separator: "/")))
    try require("fill_value", node.fill_value, is: "NaN")
    try require(
      "codecs", node.codecs, is: inner.map { [.sharding($0.tileShape)] } ?? ZarrCodec.littleEndian)
    try require("storage_transformers", node.storage_transformers ?? [], is: [])
    return TileArraySpec(
      grid: inner ?? chunks, storage: storage,
      fingerprint: Fingerprint(node.attributes.fingerprint), shards: inner.map { _ in chunks })
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, _ bytes: [UInt8], _ path: String
  ) throws(TileStoreError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw .badMetadata(path: path, reason: jsonProblem(error, in: bytes))
    }
  }
}

/// The problem of a JSON document that `JSONDecoder` refused, as the end of a sentence.
func jsonProblem(_ error: any Error, in bytes: [UInt8]) -> String {
  func name(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
    let path = context.codingPath + (last.map { [$0] } ?? [])
    return path.isEmpty
      ? "it" : path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
  }
  switch error as? DecodingError {
  case .keyNotFound(let key, let context): return "\(name(context, key)) is missing"
  case .typeMismatch(_, let context), .valueNotFound(_, let context):
    return "\(name(context)) has another type"
  case .dataCorrupted(let context) where !context.codingPath.isEmpty:
    return "\(name(context)) is out of range"
  default: break
  }
  // JSONDecoder does not say where a text is not JSON, but JSONSerialization does.
  do {
    _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    return "one of its numbers is not whole or too large"
  } catch {
    let place = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
    return "it is not JSON" + (place.map { " (\($0.dropLast()))" } ?? "")
  }
}
