import DurableFiles
import Foundation
import NumPyFiles
import Testing

@Suite struct NumPyFileReaderTests {
  private func error(reading path: String) -> NumPyError? {
    do throws(NumPyError) {
      _ = try NumPyFileReader(path: path)
      return nil
    } catch { return error }
  }

  @Test("each element type is converted exactly, extreme values included")
  func conversions() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      func write<T>(_ descriptor: String, _ values: [T]) throws {
        let data = values.withUnsafeBytes { Array($0) }
        try numPyBytes(
          "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(values.count),), }",
          data: data
        ).write(to: URL(fileURLWithPath: path))
      }
      try write("<f4", [Float(0.1), -Float.infinity, 3e38])
      #expect(
        try NumPyArray(reading: path).doubles
          == [Double(Float(0.1)), -.infinity, Double(Float(3e38))])
      #expect(try NumPyArray(reading: path).integers == nil)
      try write("<i8", [Int64.min, -1, Int64.max])
      #expect(try NumPyArray(reading: path).integers == [Int.min, -1, Int.max])
      try write("<i4", [Int32.min, -1, Int32.max])
      #expect(try NumPyArray(reading: path).doubles == [-2_147_483_648, -1, 2_147_483_647])
      try write("|i1", [Int8(-128), 127])
      #expect(try NumPyArray(reading: path).integers == [-128, 127])
      try write("|u1", [UInt8(0), 255])
      #expect(try NumPyArray(reading: path).bytes == [0, 255])
    }
  }

  @Test("a range of a converted array is the slice, over the borders of the panels")
  func ranges() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      let values = (0..<300_000).map { Int32(truncatingIfNeeded: $0 &* 7919 &* 104729) }
      try numPyBytes(
        "{'descr': '<i4', 'fortran_order': False, 'shape': (3000, 100), }",
        data: values.withUnsafeBytes { Array($0) }
      ).write(to: URL(fileURLWithPath: path))
      let reader = try NumPyFileReader(path: path)
      var read = [Double](repeating: .nan, count: 262_000)
      try read.withUnsafeMutableBufferPointer { (buffer) throws(NumPyError) in
        try reader.read(17_001..<279_001, into: buffer)
      }
      #expect(read == values[17_001..<279_001].map { Double($0) })
      #expect(try reader.integers(131_070..<131_075) == values[131_070..<131_075].map { Int($0) })
      #expect(throws: NumPyError.self) { try reader.integers(299_999..<300_001) }
      #expect(throws: NumPyError.self) {
        try read.withUnsafeMutableBufferPointer { (buffer) throws(NumPyError) in
          try reader.read(0..<3, into: buffer)
        }
      }
    }
  }

  @Test("a missing, foreign, empty or truncated file and a folder are named for what they are")
  func badFiles() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      #expect(
        error(reading: path)
          == .file(FileError(operation: .read, path: path, code: ENOENT)))
      #expect(
        error(reading: folder)
          == .file(FileError(operation: .read, path: folder, code: EISDIR)))
      func put(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
      try put([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0])
      #expect(error(reading: path) == .foreign(path: path, looksLike: "a PNG image"))
      try put([0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0])
      #expect(error(reading: path) == .foreign(path: path, looksLike: "a zip or .npz archive"))
      try put([1, 2, 3])
      #expect(error(reading: path) == .foreign(path: path, looksLike: nil))
      try put([])
      #expect(error(reading: path) == .foreign(path: path, looksLike: "an empty file"))

      try NumPyArray.write([1.0, 2, 3, 4], shape: [2, 2], to: path)
      let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
      // Every proper prefix of a file is an error, none a crash or an array.
      for length in 0..<whole.count {
        try put(Array(whole.prefix(length)))
        #expect(error(reading: path) != nil, "of the first \(length) bytes")
      }
      #expect(
        error(reading: path)
          == .truncated(path: path, expectedBytes: whole.count, foundBytes: whole.count - 1))
    }
  }

  @Test("a pipe and a device are refused at once", .timeLimit(.minutes(1)))
  func pipes() throws {
    try withNumPyFolder { folder in
      let pipe = folder + "/pipe.npy"
      try #require(mkfifo(pipe, 0o600) == 0)
      for path in [pipe, "/dev/zero", "/dev/stdin"] where access(path, F_OK) == 0 {
        guard case .file(let problem) = error(reading: path) else {
          Issue.record("\(path) was read")
          return
        }
        #expect(problem.code == ENXIO || path == "/dev/stdin", "\(problem)")
      }
      let text = error(reading: pipe)?.description
      #expect(
        text == "cannot read \(pipe): it is a pipe, socket or device; give a regular file")
    }
  }

  @Test("a header or an array beyond memory is refused, not allocated")
  func hostileSizes() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      // A header of 2 GiB in a sparse file of 3 GiB.
      try Data([0x93] + Array("NUMPY".utf8) + [2, 0, 0, 0, 0, 0x80])
        .write(to: URL(fileURLWithPath: path))
      try #require(truncate(path, 3 << 30) == 0)
      #expect(error(reading: path)?.description.contains("takes 2147483660 bytes") == true)
      // An array of 2^52 bytes; no file system holds it, so that the header is all there is.
      try numPyBytes("{'descr': '<f8', 'fortran_order': False, 'shape': (562949953421312,), }")
        .write(to: URL(fileURLWithPath: path))
      guard case .truncated = error(reading: path) else {
        Issue.record("an array was read from its header")
        return
      }
      // One of 8 TiB in a sparse file.
      let header = numPyBytes(
        "{'descr': '|i1', 'fortran_order': False, 'shape': (8796093022208,), }")
      try header.write(to: URL(fileURLWithPath: path))
      guard truncate(path, off_t(header.count) + 1 << 43) == 0 else { return }
      let error = #expect(throws: NumPyError.self) { try NumPyArray(reading: path) }
      #expect(error == .tooLarge(path: path, bytes: 1 << 46))
    }
  }

  @Test("every message is one line that names the file")
  func messages() {
    let errors: [NumPyError] = [
      .file(FileError(operation: .read, path: "/a", code: ENOENT)),
      .foreign(path: "/a", looksLike: nil), .tooLarge(path: "/a", bytes: 1),
      .truncated(path: "/a", expectedBytes: 2, foundBytes: 1),
      .malformedHeader(path: "/a", problem: "is odd"),
      .unknownDataType(path: "/a", descriptor: "|b1"), .fortranOrder(path: "/a"),
      .wrongShape(path: "/a", problem: "is odd"),
      .wrongDataType(path: "/a", found: .float32, needed: "integers"),
    ]
    for error in errors {
      #expect(error.description.contains("/a") && !error.description.contains("\n"))
    }
  }
}
