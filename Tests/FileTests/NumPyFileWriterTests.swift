import DurableFiles
import Foundation
import NumPyFiles
import Testing

@Suite struct NumPyFileWriterTests {
  private func write(
    _ part: borrowing NumPyFilePart, row: Int, column: Int, _ values: [Double]
  ) throws(NumPyError) {
    try values.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
      try part.write(row: row, column: column, values: buffer)
    }
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test("two parts of one file are filled apart and appear together on publication")
  func segments() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      let writer = try NumPyFileWriter(creating: path, shape: [3, 5])
      let first = try NumPyFilePart(of: writer.temporaryPath, shape: [3, 5])
      let second = try NumPyFilePart(of: writer.temporaryPath, shape: [3, 5])
      try write(first, row: 0, column: 0, [1, 2, 3])
      try write(second, row: 0, column: 3, [4, 5])
      try write(second, row: 2, column: 4, [6])
      try first.close()
      try second.close()
      #expect(!FileManager.default.fileExists(atPath: path))
      try writer.publish()
      #expect(try names(folder) == ["a.npy"])
      let array = try NumPyArray(reading: path)
      #expect(array.shape == [3, 5])
      #expect(array.doubles == [1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6])
    }
  }

  @Test("what lies outside the array is refused and leaves it as it was")
  func outside() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      let writer = try NumPyFileWriter(creating: path, shape: [2, 3])
      let part = try NumPyFilePart(of: writer.temporaryPath, shape: [2, 3])
      for (row, column, count) in [
        (0, 2, 2), (2, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 4, 0), (0, Int.max, 1),
      ] {
        #expect(throws: NumPyError.self, "\(row) \(column) \(count)") {
          try write(part, row: row, column: column, [Double](repeating: 1, count: count))
        }
      }
      try part.close()
      try writer.publish()
      #expect(try NumPyArray(reading: path).doubles == [Double](repeating: 0, count: 6))
    }
  }

  @Test("a file is created only where it can be, and an unpublished one is removed")
  func opening() throws {
    try withNumPyFolder { folder in
      let missing = folder + "/no/a.npy"
      #expect(
        throws: NumPyError.file(FileError(operation: .create, path: missing, code: ENOENT))
      ) {
        _ = try NumPyFileWriter(creating: missing, shape: [2])
      }
      do {
        let writer = try NumPyFileWriter(creating: folder + "/a.npy", shape: [2, 3])
        let name = URL(fileURLWithPath: writer.temporaryPath).lastPathComponent
        #expect(try names(folder) == [name] && name.hasPrefix(".a.npy.partial-"))
      }
      #expect(try names(folder) == [])
    }
  }

  @Test("an array beyond 2^32 bytes takes its last element in place, without occupying the disk")
  func large() throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      let writer = try NumPyFileWriter(creating: path, shape: [60_000, 60_000])
      let part = try NumPyFilePart(of: writer.temporaryPath, shape: [60_000, 60_000])
      try write(part, row: 59_999, column: 59_999, [42])
      try write(part, row: 40_000, column: 1, [43])
      try part.close()
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
      #expect(!FileManager.default.fileExists(atPath: path))
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

  /// One way to write a file, through a disk that may fail.
  enum Way: String, CaseIterable {
    case whole, appended, inParts

    func write(_ path: String, _ disk: Disk) throws {
      let values = (0..<60).map(Double.init)
      switch self {
      case .whole: try NumPyArray.write(values, shape: [20, 3], to: path, disk: disk)
      case .appended:
        var appender = try NumPyRowAppender(path: path, rowShape: [3], disk: disk)
        try values.withUnsafeBufferPointer { try appender.append($0) }
        try appender.publish()
      case .inParts:
        let writer = try NumPyFileWriter(creating: path, shape: [20, 3], disk: disk)
        let part = try NumPyFilePart(of: writer.temporaryPath, shape: [20, 3], disk: disk)
        for row in 0..<20 {
          let line = Array(values[3 * row..<3 * row + 3])
          try line.withUnsafeBufferPointer { (line) throws(NumPyError) in
            try part.write(row: row, column: 0, values: line)
          }
        }
        try part.close()
        try writer.publish()
      }
    }
  }

  @Test(
    "broken at any system call, each way leaves the old file or the new", arguments: Way.allCases)
  func faults(way: Way) throws {
    try withNumPyFolder { folder in
      let path = folder + "/a.npy"
      let probe = FaultInjection(.stop, atStep: .max, largestTransfer: 100)
      try way.write(path, Disk(faults: probe))
      let new = try NumPyArray(reading: path)
      #expect(new.shape == [20, 3] && new.doubles == (0..<60).map(Double.init))
      try NumPyArray.write([7.0], shape: [1], to: path)
      let old = try NumPyArray(reading: path)
      for fault in [FaultInjection.Fault.stop, .powerCut, .fail(ENOSPC), .interrupt] {
        for step in 0..<probe.steps {
          try NumPyArray.write([7.0], shape: [1], to: path)
          let faults = FaultInjection(fault, atStep: step, largestTransfer: 100)
          do {
            try way.write(path, Disk(faults: faults))
            #expect(fault == .interrupt)
          } catch let error as NumPyError {
            #expect(error.kind == .inputOutput || step == 0, "\(error)")
          }
          let found = try NumPyArray(reading: path)
          #expect(found == old || found == new, "\(fault) at \(step)")
          if fault == .interrupt { #expect(found == new) }
          if fault == .fail(ENOSPC) { #expect(try names(folder) == ["a.npy"]) }
          try Disk().removeStaleTemporaries(in: folder, olderThan: 0)
          #expect(try names(folder) == ["a.npy"])
        }
      }
    }
  }

  @Test("many tasks that write one file at once leave one whole file")
  func concurrent() async throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/a.npy"
    try await withThrowingTaskGroup { group in
      for k in 0..<32 {
        group.addTask {
          var appender = try NumPyRowAppender(path: path, rowShape: [100])
          let rows = [Double](repeating: Double(k), count: 1000)
          try rows.withUnsafeBufferPointer { try appender.append($0) }
          try appender.publish()
        }
      }
      try await group.waitForAll()
    }
    let array = try NumPyArray(reading: path)
    #expect(array.shape == [10, 100] && Set(array.doubles).count == 1)
    #expect(folder.names() == ["a.npy"])
  }
}
