import Foundation
import NumPyFiles
import Testing

@Suite struct NumPyFileWriterTests {
  private func write(
    _ writer: borrowing NumPyFileWriter, row: Int, column: Int, _ values: [Double]
  ) throws(NumPyError) {
    try values.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
      try writer.write(row: row, column: column, values: buffer)
    }
  }

  @Test("two holders of one file write segments of it, which appear together on publication")
  func segments() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      let first = try NumPyFileWriter.create(path: path, shape: [3, 5])
      let second = try NumPyFileWriter.open(existing: path, shape: [3, 5])
      try write(first, row: 0, column: 0, [1, 2, 3])
      try write(second, row: 0, column: 3, [4, 5])
      try write(second, row: 2, column: 4, [6])
      let panel = [7.0, 8, 9, 10, 11]
      try panel.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
        try first.write(rowsFrom: 1, values: buffer)
      }
      try second.close()
      #expect(!FileManager.default.fileExists(atPath: path))
      try first.publish()
      #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
      let array = try NumPyArray(reading: path)
      #expect(array.shape == [3, 5])
      #expect(array.doubles == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 0, 0, 0, 0, 6])
    }
  }

  @Test("what lies outside the array is refused and leaves it as it was")
  func outside() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      let writer = try NumPyFileWriter.create(path: path, shape: [2, 3])
      for (row, column, count) in [
        (0, 2, 2), (2, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 4, 0), (0, Int.max, 1),
      ] {
        #expect(throws: NumPyError.self, "\(row) \(column) \(count)") {
          try write(writer, row: row, column: column, [Double](repeating: 1, count: count))
        }
      }
      for (row, count) in [(0, 4), (1, 6), (-1, 3), (Int.max, 3)] {
        let values = [Double](repeating: 1, count: count)
        #expect(throws: NumPyError.self, "\(row) \(count)") {
          try values.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
            try writer.write(rowsFrom: row, values: buffer)
          }
        }
      }
      try writer.publish()
      #expect(try NumPyArray(reading: path).doubles == [Double](repeating: 0, count: 6))
    }
  }

  @Test("a file is created only where it can be and joined only if it is the same array")
  func opening() throws {
    try withNumPyFolder { folder in
      #expect(throws: NumPyError.cannotCreate(path: folder + "/no/a.npy", code: ENOENT)) {
        _ = try NumPyFileWriter.create(path: folder + "/no/a.npy", shape: [2])
      }
      let path = folder + "/a.npy"
      #expect(throws: NumPyError.missing(path: path + ".partial")) {
        _ = try NumPyFileWriter.open(existing: path, shape: [2, 3])
      }
      let writer = try NumPyFileWriter.create(path: path, shape: [2, 3])
      #expect(throws: NumPyError.self) {
        _ = try NumPyFileWriter.open(existing: path, shape: [3, 2])
      }
      try writer.close()
    }
  }

  @Test("an array beyond 2^32 bytes takes its last element in place, without occupying the disk")
  func large() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      let writer = try NumPyFileWriter.create(path: path, shape: [60_000, 60_000])
      try write(writer, row: 59_999, column: 59_999, [42])
      try write(writer, row: 40_000, column: 1, [43])
      try writer.publish()
      let reader = try NumPyFileReader(path: path)
      var value = [0.0]
      for (at, expected) in [(3_599_999_999, 42.0), (2_400_000_001, 43), (2_400_000_000, 0)] {
        try value.withUnsafeMutableBufferPointer { (buffer) throws(NumPyError) in
          try reader.read(at..<at + 1, into: buffer)
        }
        #expect(value == [expected])
      }
    }
  }

  @Test("appended panels of rows make one array of all rows")
  func appender() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      var appender = try NumPyRowAppender(path: path, rowShape: [2, 2])
      for panel in [[1.0, 2, 3, 4], [], [5, 6, 7, 8, 9, 10, 11, 12]] {
        try panel.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
          try appender.append(buffer)
        }
      }
      let odd = [1.0]
      #expect(throws: NumPyError.self) {
        try odd.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
          try appender.append(buffer)
        }
      }
      #expect(appender.rows == 3)
      try appender.publish()
      let array = try NumPyArray(reading: path)
      #expect(array.shape == [3, 2, 2] && array.doubles == (1...12).map { Double($0) })
    }
  }

  @Test("a whole array is published at once, and one of the wrong size not at all")
  func arrays() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      #expect(throws: NumPyError.self) {
        try NumPyArray.write([1.0, 2, 3], shape: [2, 2], to: path)
      }
      #expect(!FileManager.default.fileExists(atPath: path))
      let values = [1.5, -0.0, .nan, .infinity, 5e-324, 1e308]
      try NumPyArray.write(values, shape: [1, 2, 3], to: path)
      let array = try NumPyArray(reading: path)
      #expect(array.shape == [1, 2, 3])
      #expect(array.doubles.map(\.bitPattern) == values.map(\.bitPattern))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.npy"])
      #expect(throws: NumPyError.self) {
        try NumPyArray.write([1.0], shape: [1], to: "/proc/a.npy")
      }
    }
  }
}
