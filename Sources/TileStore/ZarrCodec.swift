import Tiling

/// A codec of a `zarr.json`, or a key encoding or a transformer, which have the same form.
struct ZarrCodec: Decodable, Equatable, CustomStringConvertible {
  /// The parameters of the codecs that this program writes.
  struct Configuration: Decodable, Equatable, CustomStringConvertible {
    var endian: String?
    var separator: String?
    var chunk_shape: [Int]?
    var codecs: [ZarrCodec]?
    var index_codecs: [ZarrCodec]?
    var index_location: String?

    var description: String {
      let parts: [(String, Any?)] = [
        ("endian", endian), ("separator", separator), ("chunk_shape", chunk_shape),
        ("codecs", codecs), ("index_codecs", index_codecs), ("index_location", index_location),
      ]
      return parts.compactMap { name, value in value.map { "\(name): \($0)" } }
        .joined(separator: ", ")
    }
  }

  let name: String
  var configuration: Configuration?

  var description: String { name + (configuration.map { " (\($0))" } ?? "") }

  /// The codecs of a tile and of the index of a shard: the values, followed by their checksum.
  static let littleEndian = [
    ZarrCodec(name: "bytes", configuration: Configuration(endian: "little")),
    ZarrCodec(name: "crc32c"),
  ]

  /// The codec of shards whose tiles have the shape `tileShape`.
  static func sharding(_ tileShape: [Int]) -> ZarrCodec {
    ZarrCodec(
      name: "sharding_indexed",
      configuration: Configuration(
        chunk_shape: tileShape, codecs: littleEndian, index_codecs: littleEndian,
        index_location: "end"))
  }

  /// The codecs of an array in the form of its `zarr.json`.
  static func text(_ spec: TileArraySpec) -> String {
    guard spec.shards != nil else { return tileCodecs(indent: "  ") }
    return """
      [
          {
            "name": "sharding_indexed",
            "configuration": {
              "chunk_shape": \(spec.grid.tileShape),
              "codecs": \(tileCodecs(indent: "        ")),
              "index_codecs": \(tileCodecs(indent: "        ")),
              "index_location": "end"
            }
          }
        ]
      """
  }

  /// `littleEndian` as text; all lines except the first are indented by `indent`.
  private static func tileCodecs(indent: String) -> String {
    let lines = """
      [
        {
          "name": "bytes",
          "configuration": {
            "endian": "little"
          }
        },
        {
          "name": "crc32c"
        }
      ]
      """
    return lines.replacing("\n", with: "\n" + indent)
  }
}

extension TileGrid {
  /// Whether each tile of another grid over the same array consists of whole tiles of this grid.
  func divides(_ other: TileGrid) -> Bool {
    other.tileRows % tileRows == 0 && other.tileColumns % tileColumns == 0
  }
}
