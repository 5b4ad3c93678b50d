/// The `zarr.json` of groups and arrays: Zarr v3, core specification 3.0.
enum ZarrMetadata {
  static let fileName = "zarr.json"

  static let group = JSONValue.members([
    "zarr_format": .integer(3), "node_type": .string("group"), "attributes": .object([]),
  ])

  static func array(_ spec: TileArraySpec) -> JSONValue {
    .members([
      "zarr_format": .integer(3),
      "node_type": .string("array"),
      "shape": .array(spec.shape.map(JSONValue.integer)),
      "data_type": .string(spec.storage.rawValue),
      "chunk_grid": .members([
        "name": .string("regular"),
        "configuration": .members(["chunk_shape": .array(spec.tile.map(JSONValue.integer))]),
      ]),
      "chunk_key_encoding": .members([
        "name": .string("default"), "configuration": .members(["separator": .string("/")]),
      ]),
      "fill_value": .string("NaN"),
      "codecs": .array([
        .members([
          "name": .string("bytes"), "configuration": .members(["endian": .string("little")]),
        ]),
        .members(["name": .string("crc32c")]),
      ]),
      "attributes": .members([
        "tiles": .string(spec.coverage.rawValue), "fingerprint": spec.fingerprint.json,
      ]),
      "storage_transformers": .array([]),
    ])
  }

  /// The document in a file's bytes, checked to be a Zarr v3 node of the given type.
  static func parse(
    _ bytes: [UInt8], path: String, nodeType: String
  ) throws(TileStoreError) -> JSONValue {
    func refuse(_ reason: String) -> TileStoreError { .badMetadata(path: path, reason: reason) }
    guard !bytes.isEmpty else { throw refuse("the file is empty") }
    let document: JSONValue
    do {
      document = try JSONParser.parse(bytes)
    } catch {
      throw refuse("line \(error.line) is not JSON, \(error.reason)")
    }
    guard document["zarr_format"] == .integer(3) else {
      throw refuse("zarr_format is \(shown(document["zarr_format"])) instead of 3")
    }
    guard document["node_type"] == .string(nodeType) else {
      throw refuse("node_type is \(shown(document["node_type"])) instead of \"\(nodeType)\"")
    }
    return document
  }

  /// The array that a `zarr.json` describes, if it is one that we write.
  static func spec(_ bytes: [UInt8], path: String) throws(TileStoreError) -> TileArraySpec {
    let document = try parse(bytes, path: path, nodeType: "array")
    func refuse(_ reason: String) -> TileStoreError { .badMetadata(path: path, reason: reason) }
    guard let shape = document["shape"]?.integers else {
      throw refuse("shape is \(shown(document["shape"])) instead of a list of integers")
    }
    let grid = document["chunk_grid"]
    guard grid?["name"] == .string("regular"),
      let tile = grid?["configuration"]?["chunk_shape"]?.integers
    else { throw refuse("chunk_grid is \(shown(grid)) instead of a regular one") }
    guard let storage = document["data_type"]?.text.flatMap(TileArraySpec.Storage.init) else {
      throw refuse("data_type is \(shown(document["data_type"])) instead of float64 or float32")
    }
    let attributes = document["attributes"]
    guard let coverage = attributes?["tiles"]?.text.flatMap(TileArraySpec.Coverage.init),
      let fingerprint = attributes?["fingerprint"].flatMap(Fingerprint.init(json:))
    else { throw refuse("its attributes lack \"tiles\" and \"fingerprint\"") }
    let spec: TileArraySpec
    do {
      spec = try TileArraySpec(
        shape: shape, tile: tile, coverage: coverage, storage: storage, fingerprint: fingerprint)
    } catch {
      throw refuse(error.description)
    }
    // What is left is the same in every array we write.
    let expected = array(spec)
    for name in ["chunk_key_encoding", "fill_value", "codecs"]
    where document[name] != expected[name] {
      throw refuse("\(name) is \(shown(document[name]))")
    }
    if let transformers = document["storage_transformers"], transformers != .array([]) {
      throw refuse("it has storage_transformers")
    }
    return spec
  }

  private static func shown(_ value: JSONValue?) -> String {
    guard let value else { return "missing" }
    let text = value.rendered().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return text.count <= 120 ? text : text.prefix(117) + "..."
  }
}
