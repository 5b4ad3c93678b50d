import Foundation
import NumPyFiles
import Testing

@Suite struct NumPyHeaderTests {
  private func parse(_ dictionary: String, version: UInt8 = 1) throws(NumPyError) -> NumPyHeader {
    try NumPyHeader(parsing: Array(numPyBytes(dictionary, version: version)), path: "x.npy")
  }

  @Test(
    "versions 1 to 3, any order of keys, either quote and Python 2's long integers are read")
  func variants() throws {
    let usual = try parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }")
    #expect(usual.shape == [3, 4] && usual.dataType == .float64)
    for version: UInt8 in [1, 2, 3] {
      let other = try parse(
        "{\"shape\":(3L,4L),\"fortran_order\":False,\"descr\":\"<f8\"}", version: version)
      #expect(other.shape == [3, 4])
      #expect(other.dataOffset == (version == 1 ? 10 : 12) + 54)
    }
    #expect(try parse("{'descr': '|u1', 'fortran_order': False, 'shape': ()}").count == 1)
    #expect(try parse("{'descr': '<i4', 'fortran_order': False, 'shape': (7,)}").shape == [7])
  }

  @Test("an encoded header is 64-byte aligned, parses to itself and keeps its length as rows grow")
  func roundTrip() throws {
    for shape in [[], [0], [5], [50000, 3072], [1, 2, 3, 4], [123_456_789_012, 2]] {
      let header = try NumPyHeader(dataType: .float64, shape: shape, path: "x.npy")
      let bytes = header.encoded()
      #expect(bytes.count == header.dataOffset && bytes.count % 64 == 0)
      #expect(try NumPyHeader(parsing: bytes, path: "x.npy") == header)
    }
    // Of many lengths of text, some end just before a multiple of 64.
    for axes in 0..<24 {
      let row = [Int](repeating: 1, count: axes)
      let small = try NumPyHeader(dataType: .float64, shape: [0] + row, path: "x.npy")
      let large = try NumPyHeader(dataType: .float64, shape: [1 << 52] + row, path: "x.npy")
      #expect(small.dataOffset == large.dataOffset)
    }
  }

  @Test("sizes beyond 32 bits are exact and sizes beyond 64 bits refused")
  func sizes() throws {
    let big = try parse("{'descr': '<f8', 'fortran_order': False, 'shape': (60000, 60000), }")
    #expect(big.fileSize == 28_800_000_000 + big.dataOffset)
    #expect(throws: NumPyError.self) {
      try parse("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }")
    }
    #expect(throws: NumPyError.self) {
      try parse("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9999999999, 9999999999)}")
    }
  }

  @Test(
    "other element types are refused by name",
    arguments: ["|b1", ">f8", ">f2", "<c16", "<U4", "|O", "<u4"])
  func dataTypes(descriptor: String) {
    #expect(throws: NumPyError.unknownDataType(path: "x.npy", descriptor: descriptor)) {
      try parse("{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (3,), }")
    }
  }

  @Test("a structured type is refused with its fields")
  func structured() {
    #expect(
      throws: NumPyError.unknownDataType(path: "x.npy", descriptor: "[('a', '<f8'), ('b', '<i4')]")
    ) {
      try parse(
        "{'descr': [('a', '<f8'), ('b', '<i4')], 'fortran_order': False, 'shape': (3,), }")
    }
  }

  @Test("Fortran order is refused where it differs from C order")
  func fortran() throws {
    #expect(throws: NumPyError.fortranOrder(path: "x.npy")) {
      try parse("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 4), }")
    }
    #expect(try parse("{'descr': '<f8', 'fortran_order': True, 'shape': (3,), }").count == 3)
    #expect(try parse("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 4), }").count == 4)
  }

  @Test(
    "a broken dictionary is an error of one sentence that names the file",
    arguments: [
      "   ", "{", "[]", "{'descr': '<f8'}", "{'descr' '<f8'}", "{'descr': '<f8",
      "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (3 4)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'extra': 1}",
    ])
  func broken(dictionary: String) {
    let error = #expect(throws: NumPyError.self) { try parse(dictionary) }
    guard case .malformedHeader = error else {
      Issue.record("\(dictionary) gave \(String(describing: error))")
      return
    }
    #expect(error?.description.contains("x.npy") == true)
  }

  @Test("a version beyond 3 is refused")
  func version() {
    #expect(
      throws: NumPyError.malformedHeader(
        path: "x.npy", problem: "is of format version 4.0, beyond 3.0")
    ) { try parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", version: 4) }
  }
}
