import DurableFiles
import Foundation
import MatrixFiles
import NumPyFiles
import Testing
import TileStore
import Tiling

@Suite struct MatrixFileTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Entry (i, j) of every matrix here: exact in single precision.
  private func value(_ i: Int, _ j: Int) -> Double { Double(i) - Double(j) / 64 }

  private func path(_ name: String) -> String { folder.path + "/" + name }

  private func put(_ bytes: [UInt8], at name: String) throws {
    let url = URL(filePath: path(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  private func bytes(_ values: [Double], single: Bool = false) -> [UInt8] {
    values.flatMap { value in
      single
        ? withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) }
        : withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
    }
  }

  private func putNumPy(_ type: String, _ shape: String, _ data: [UInt8], at name: String) throws {
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
    try put([UInt8](numPyBytes(text, data: data)), at: name)
  }

  private func block(
    _ matrix: any MatrixFile, _ rows: Range<Int>, _ columns: Range<Int>
  ) throws -> [Double] {
    var values = [Double](repeating: .nan, count: rows.count * columns.count)
    try values.withUnsafeMutableBufferPointer { (buffer) throws(MatrixError) in
      try matrix.read(rows: rows, columns: columns, into: buffer)
    }
    return values
  }

  /// Every block of a matrix has the values that it should have.
  private func expectBlocks(
    _ matrix: any MatrixFile, _ rows: Int, _ columns: Int, _ truth: (Int, Int) -> Double
  ) throws {
    for first in stride(from: 0, to: rows, by: 3) {
      for left in stride(from: 0, to: columns, by: 2) {
        for (height, width) in [(1, 1), (4, 5), (rows, columns)] {
          let (r, c) = (first..<min(first + height, rows), left..<min(left + width, columns))
          let expected = r.flatMap { i in c.map { truth(i, $0) } }
          #expect(try block(matrix, r, c) == expected)
        }
      }
    }
  }

  @Test("blocks of .npy files of either precision", arguments: [("<f8", false), ("<f4", true)])
  func numPy(type: String, single: Bool) throws {
    let all = (0..<7).flatMap { i in (0..<9).map { value(i, $0) } }
    try putNumPy(type, "(7, 9)", bytes(all, single: single), at: "a.npy")
    let matrix = try openMatrix(path("a.npy"))
    #expect(matrix.shape == [7, 9] && matrix.rows == 7 && matrix.columns == 9)
    #expect(matrix.elementType == (single ? "float32" : "float64"))
    try expectBlocks(matrix, 7, 9, value)
  }

  @Test("lines have one column, and further axes count as columns")
  func axes() throws {
    try putNumPy("<f8", "(3,)", bytes([1, 2, 3]), at: "line.npy")
    let line = try openMatrix(path("line.npy"))
    #expect(line.shape == [3] && line.columns == 1)
    #expect(try block(line, 1..<3, 0..<1) == [2, 3])
    try putNumPy("<f8", "(2, 2, 3)", bytes((0..<12).map(Double.init)), at: "cube.npy")
    let cube = try openMatrix(path("cube.npy"))
    #expect(cube.rows == 2 && cube.columns == 6)
    #expect(try block(cube, 1..<2, 2..<5) == [8, 9, 10])
  }

  @Test("integers, empty arrays, missing files and folders of something else are refused")
  func refused() throws {
    try putNumPy("<i4", "(1, 1)", [1, 0, 0, 0], at: "integers.npy")
    try putNumPy("<f8", "(0, 4)", [], at: "empty.npy")
    try put([], at: "folder/file")
    for (name, words) in [
      ("integers.npy", "<i4"), ("empty.npy", "[0, 4]"), ("none.npy", "does not exist"),
      ("folder", "without zarr.json"),
    ] {
      let error = #expect(throws: MatrixError.self) { try openMatrix(path(name)) }
      #expect(error?.description.contains(words) ?? false, "\(name)")
      #expect(error?.kind == (name == "none.npy" ? .missingInput : .badData))
    }
  }

  @Test("the checksums of the parts change with any element")
  func checksums() throws {
    var all = [Double](repeating: 0.5, count: 3 * 400_000)
    func parts() throws -> [UInt32] {
      try putNumPy("<f8", "(3, 400000)", bytes(all), at: "long.npy")
      let matrix = try openMatrix(path("long.npy"))
      return try (0..<matrix.partCount).map { try matrix.checksum(ofPart: $0) }
    }
    let before = try parts()
    #expect(before.count == 3)
    all[1_199_999] += 0x1p-50
    let after = try parts()
    #expect(after[..<2] == before[..<2] && after[2] != before[2])
  }

  private func zarr(_ codecs: String, shape: [Int] = [5, 7], type: String = "float64") -> String {
    """
    {"zarr_format": 3, "node_type": "array", "shape": \(shape), "data_type": "\(type)",
     "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 3]}},
     "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
     "fill_value": 0, "codecs": \(codecs), "attributes": {}}
    """
  }

  private func putZarr(_ name: String, checksum: Bool, single: Bool) throws {
    let little = "{\"name\": \"bytes\", \"configuration\": {\"endian\": \"little\"}}"
    let codecs = checksum ? "[\(little), {\"name\": \"crc32c\"}]" : "[\(little)]"
    let text = zarr(codecs, type: single ? "float32" : "float64")
    try put(Array(text.utf8), at: name + "/zarr.json")
    for it in 0..<3 {
      for jt in 0..<3 {
        let all = (0..<2).flatMap { i in (0..<3).map { value(2 * it + i, 3 * jt + $0) } }
        var chunk = bytes(all, single: single)
        if checksum {
          let sum = chunk.withUnsafeBytes { CRC32C.checksum($0) }
          chunk += withUnsafeBytes(of: sum.littleEndian) { Array($0) }
        }
        try put(chunk, at: "\(name)/c/\(it)/\(jt)")
      }
    }
  }

  @Test("blocks of Zarr arrays", arguments: [(false, false), (true, false), (true, true)])
  func zarrBlocks(checksum: Bool, single: Bool) throws {
    try putZarr("z", checksum: checksum, single: single)
    let matrix = try openMatrix(path("z"))
    #expect(matrix.shape == [5, 7] && matrix.partCount == 9)
    try expectBlocks(matrix, 5, 7, value)
  }

  @Test("chunks that are damaged, cut or missing, and arrays of other kinds, are refused")
  func badZarr() throws {
    func refused(_ words: String, _ body: () throws -> Void) {
      let error = #expect(throws: MatrixError.self) { try body() }
      #expect(error?.description.contains(words) ?? false, "\(error?.description ?? "")")
    }
    try putZarr("z", checksum: true, single: false)
    let matrix = try openMatrix(path("z"))
    var chunk = [UInt8](try Data(contentsOf: URL(filePath: path("z/c/1/1"))))
    chunk[5] ^= 1
    try put(chunk, at: "z/c/1/1")
    refused("fails its checksum") { _ = try block(matrix, 2..<3, 3..<4) }
    refused("fails its checksum") { _ = try matrix.checksum(ofPart: 4) }
    try put([1, 2, 3], at: "z/c/1/1")
    refused("3 bytes") { _ = try block(matrix, 2..<3, 3..<4) }
    try FileManager.default.removeItem(atPath: path("z/c/1/1"))
    refused("does not exist") { _ = try block(matrix, 2..<3, 3..<4) }
    let packed =
      "[{\"name\": \"bytes\", \"configuration\": {\"endian\": \"little\"}}, {\"name\": \"zstd\"}]"
    try put(Array(zarr(packed).utf8), at: "packed/zarr.json")
    refused("bytes, zstd") { _ = try openMatrix(path("packed")) }
    try put(Array(zarr("[]", type: "int32").utf8), at: "whole/zarr.json")
    refused("int32") { _ = try openMatrix(path("whole")) }
    try put(Array("{}".utf8), at: "none/zarr.json")
    refused("Zarr v3 array") { _ = try openMatrix(path("none")) }
  }

  @Test("the lower triangle of a run's store is the whole matrix")
  func stored() throws {
    let spec = TileArraySpec(
      grid: try .lowerTriangle(n: 7, tile: 3), fingerprint: Fingerprint(["a": "b"]))
    let array = try TileArray.create(in: path("store.zarr"), name: "ntk_train", spec: spec)
    func symmetric(_ i: Int, _ j: Int) -> Double { value(max(i, j), min(i, j)) }
    for index in 0..<spec.grid.count where index != 4 {
      let tile = spec.grid.tile(at: index)
      let values = spec.grid.rows(of: tile).flatMap { i in
        spec.grid.columns(of: tile).map { symmetric(i, $0) }
      }
      _ = try values.withUnsafeBufferPointer { try array.write(tile, values: $0) }
    }
    let matrix = try openMatrix(array.path)
    #expect(matrix.isLowerTriangle && matrix.shape == [7, 7])
    #expect(throws: MatrixError.self) { try block(matrix, 6..<7, 3..<4) }
    let rest = [symmetric(6, 3), symmetric(6, 4), symmetric(6, 5)]
    _ = try rest.withUnsafeBufferPointer { try array.write(TileIndex(2, 1), values: $0) }
    try expectBlocks(matrix, 7, 7, symmetric)
  }
}
