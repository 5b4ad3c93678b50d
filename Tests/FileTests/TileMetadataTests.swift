import DurableFiles
import Foundation
import Testing
import TileStore

@Suite struct TileMetadataTests {
  let folder: ScratchFolder
  let spec: TileArraySpec

  init() throws {
    folder = try ScratchFolder()
    spec = try TileArraySpec(
      shape: [100, 100], tile: [32, 32], coverage: .lowerTriangle,
      fingerprint: Fingerprint([
        "network.depth": "3", "data": "päth \"q\"\n\\ \u{1}😀", "precision": "f64",
      ]))
  }

  private var store: String { folder.path + "/kernels.zarr" }

  @Test("Opening gives back what was created")
  func reopen() throws {
    let created = try TileArray.create(in: store, name: "v=1/ntk_train", spec: spec)
    let opened = try TileArray.open(created.path)
    #expect(opened.spec == spec && opened.path == store + "/v=1/ntk_train")
    #expect(folder.contents("kernels.zarr/zarr.json")?.contains("\"group\"") == true)
    #expect(folder.contents("kernels.zarr/v=1/zarr.json")?.contains("\"group\"") == true)
    #expect(try TileArray.create(in: store, name: "v=1/ntk_train", spec: spec).spec == spec)
  }

  @Test("The bytes of zarr.json are those of earlier versions")
  func bytes() throws {
    let array = try TileArray.create(in: store, name: "a", spec: spec)
    let control = "\\u0001"
    #expect(
      String(decoding: try Disk().read(array.path + "/zarr.json"), as: UTF8.self) == """
        {
          "zarr_format": 3,
          "node_type": "array",
          "shape": [100, 100],
          "data_type": "float64",
          "chunk_grid": {
            "name": "regular",
            "configuration": {
              "chunk_shape": [32, 32]
            }
          },
          "chunk_key_encoding": {
            "name": "default",
            "configuration": {
              "separator": "/"
            }
          },
          "fill_value": "NaN",
          "codecs": [
            {
              "name": "bytes",
              "configuration": {
                "endian": "little"
              }
            },
            {
              "name": "crc32c"
            }
          ],
          "attributes": {
            "tiles": "lower triangle",
            "fingerprint": {
              "network.depth": "3",
              "data": "päth \\"q\\"\\n\\\\ \(control)😀",
              "precision": "f64"
            }
          },
          "storage_transformers": []
        }

        """)
    #expect(
      folder.contents("kernels.zarr/zarr.json")
        == "{\n  \"zarr_format\": 3,\n  \"node_type\": \"group\",\n  \"attributes\": {}\n}\n")
  }

  @Test("Another fingerprint is refused with the first field that differs and both values")
  func fingerprint() throws {
    _ = try TileArray.create(in: store, name: "a", spec: spec)
    func refusal(_ change: (inout Fingerprint) -> Void) throws -> String {
      var other = spec.fingerprint
      change(&other)
      let changed = try TileArraySpec(
        shape: [50], tile: [32], fingerprint: other)
      let error = #expect(throws: TileStoreError.self) {
        try TileArray.create(in: store, name: "a", spec: changed)
      }
      return error?.description ?? ""
    }
    let depth = try refusal { ($0["network.depth"], $0["precision"]) = ("4", "f32") }
    #expect(depth.contains("was computed with network.depth = 3, this job says 4; choose"))
    #expect(try refusal { $0["new"] = "1" }.contains("new = (not set), this job says 1"))
    #expect(
      try refusal { $0["precision"] = nil }.contains("precision = f64, this job says (not set)"))
  }

  @Test("Another layout under the same fingerprint is refused and named")
  func layout() throws {
    _ = try TileArray.create(in: store, name: "a", spec: spec)
    let others: [(String, TileArraySpec)] = [
      (
        "shape [100, 100], this job asks for [99, 99]",
        try TileArraySpec(shape: [99, 99], tile: [32, 32], fingerprint: spec.fingerprint)
      ),
      (
        "tiles of [32, 32], this job asks for [16, 16]",
        try TileArraySpec(shape: [100, 100], tile: [16, 16], fingerprint: spec.fingerprint)
      ),
      (
        "storage float64, this job asks for float32",
        try TileArraySpec(
          shape: [100, 100], tile: [32, 32], storage: .float32, fingerprint: spec.fingerprint)
      ),
      (
        "tiles for lower triangle, this job asks for all",
        try TileArraySpec(shape: [100, 100], tile: [32, 32], fingerprint: spec.fingerprint)
      ),
    ]
    for (text, other) in others {
      let error = #expect(throws: TileStoreError.self) {
        try TileArray.create(in: store, name: "a", spec: other)
      }
      #expect(error?.description.contains(text) == true)
    }
  }

  @Test("Every truncation of zarr.json is refused with one sentence that names it")
  func truncations() throws {
    let array = try TileArray.create(in: store, name: "a", spec: spec)
    let path = array.path + "/zarr.json"
    let bytes = try Disk().read(path)
    for length in 0..<(bytes.count - 2) {
      try Disk().publish(Array(bytes[..<length]), to: path, flushesFolder: false)
      let error = #expect(throws: TileStoreError.self) { try TileArray.open(array.path) }
      let text = error?.description ?? ""
      #expect(text.hasPrefix("\(path) is not an array that ntk-dist wrote: "), "\(length)")
      #expect(text.contains("it is not JSON (Unexpected end of file"), "\(length): \(text)")
    }
  }

  @Test(
    "A foreign or edited zarr.json is refused with what is wrong",
    arguments: [
      ("\"zarr_format\": 3", "\"zarr_format\": 2", "a Zarr v2 array instead of a Zarr v3 array"),
      ("\"array\"", "\"group\"", "a Zarr v3 group instead of a Zarr v3 array"),
      ("float64", "int32", "data_type is \"int32\" instead of float64 or float32"),
      (
        "\"little\"", "\"big\"",
        "codecs is [bytes (endian: big), crc32c] instead of [bytes (endian: little), crc32c]"
      ),
      ("crc32c", "zstd", "(endian: little), zstd] instead of [bytes"),
      ("regular", "odd", "chunk_grid.name is odd instead of regular"),
      ("\"NaN\"", "\"Infinity\"", "fill_value is Infinity instead of NaN"),
      ("\"NaN\"", "0.0", "fill_value has another type"),
      (
        "\"separator\": \"/\"", "\"separator\": \".\"",
        "chunk_key_encoding is default (separator: .) instead of default (separator: /)"
      ),
      ("[100, 100]", "[100, \"a\"]", "shape.1 has another type"),
      ("[100, 100]", "[100, 99999999999999999999]", "not whole or too large"),
      ("[100, 100]", "[100, 100, 100]", "give one or two sizes"),
      ("[32, 32]", "[0, 32]", "every size must be from 1 to 2^31 - 1"),
      ("fingerprint", "fingerprints", "attributes.fingerprint is missing"),
      ("\"shape\": ", "\"shape\" ", "not JSON (Invalid value around character 56)"),
      ("{", "\u{89}HDF", "not JSON (Invalid value around character 0)"),
      ("\"storage_transformers\": []", "\"storage_transformers\": [1]", "storage_transformers.0"),
    ])
  func edits(old: String, new: String, reason: String) throws {
    let array = try TileArray.create(in: store, name: "a", spec: spec)
    let path = "kernels.zarr/a/zarr.json"
    let text = try #require(folder.contents(path))
    let place = try #require(text.firstRange(of: old))
    try folder.put(text.replacingCharacters(in: place, with: new), at: path)
    let error = #expect(throws: TileStoreError.self) { try TileArray.open(array.path) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "accepted")")
  }

  @Test("A missing array, tiles without zarr.json and a group in the way are refused")
  func missing() throws {
    let none = #expect(throws: TileStoreError.self) { try TileArray.open(store + "/none") }
    #expect(none?.description.contains("it has no zarr.json") == true)
    let array = try TileArray.create(in: store, name: "a", spec: spec)
    try Disk().createFolder(array.path + "/c")
    try Disk().remove(array.path + "/zarr.json")
    let orphans = #expect(throws: TileStoreError.self) {
      try TileArray.create(in: store, name: "a", spec: spec)
    }
    #expect(orphans?.description.contains("it holds tiles but no zarr.json") == true)
    _ = try TileArray.create(in: store, name: "g/a", spec: spec)
    #expect(throws: TileStoreError.self) { try TileArray.create(in: store, name: "g", spec: spec) }
    #expect(throws: TileStoreError.self) {
      try TileArray.create(in: store, name: "g/a/b", spec: spec)
    }
  }

  @Test(
    "Names that cannot name an array are refused", arguments: ["", "a//b", "../a", "/a", "__x"])
  func badNames(name: String) throws {
    let error = #expect(throws: TileStoreError.self) {
      try TileArray.create(in: store, name: name, spec: spec)
    }
    #expect(error?.description.contains("cannot name an array") == true)
  }
}
