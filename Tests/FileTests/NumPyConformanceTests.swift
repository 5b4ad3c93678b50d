import NumPyFiles
import Testing

/// NumPy itself reads what is written here and writes what is read here.
@Suite(.enabled(if: PythonInterpreter.isAvailable, PythonInterpreter.reason))
struct NumPyConformanceTests {
  @Test(
    "arrays saved by NumPy in each type, shape and format version are read",
    arguments: ["<f8", "<f4", "<i8", "<i4", "|u1", "|i1"])
  func fromNumPy(type: String) throws {
    try withNumPyFolder { folder in
      for (index, shape) in ["()", "(7,)", "(3, 5)", "(2, 3, 4, 5)", "(0, 3)"].enumerated() {
        let path = folder + "/\(index).npy"
        let printed = try PythonInterpreter.run(
          """
          import sys, numpy as np
          shape = \(shape)
          r = np.random.default_rng(\(index))
          a = (r.standard_normal(shape) * 50 if '\(type)'[1] == 'f' else
               r.integers(0 if '\(type)'[1] == 'u' else -100, 100, shape))
          a = np.asarray(a).astype('\(type)')
          with open(sys.argv[1], 'wb') as f:
              np.lib.format.write_array(f, a, version=(\(index % 3 + 1), 0))
          print(' '.join(float(x).hex() for x in a.ravel()))
          """, [path])
        let array = try NumPyArray(reading: path)
        let expected = try printed.split(separator: " ").map { try #require(Double($0)) }
        #expect(array.doubles == expected)
        #expect(array.dataType.rawValue == type)
        #expect(
          "(\(array.shape.map { "\($0)" }.joined(separator: ", "))"
            == shape.dropLast().trimmingSuffix(","))
      }
    }
  }

  @Test("arrays written here are what NumPy loads, whole, in segments and appended")
  func toNumPy() throws {
    try withNumPyFolder { folder in
      let values = (0..<24).map { Double($0).squareRoot() / 3 }
      try NumPyArray.write(values, shape: [2, 3, 4], to: folder + "/whole.npy")
      let writer = try NumPyFileWriter(creating: folder + "/parts.npy", shape: [2, 3, 4])
      let part = try NumPyFilePart(of: writer.temporaryPath, shape: [2, 3, 4])
      for at in stride(from: 0, to: 24, by: 6) {
        try values[at..<at + 6].withUnsafeBufferPointer { (buffer) throws(NumPyError) in
          try part.write(row: at / 12, column: at % 12, values: buffer)
        }
      }
      try part.close()
      try writer.publish()
      var appender = try NumPyRowAppender(path: folder + "/rows.npy", rowShape: [3, 4])
      for at in [0, 12] {
        try values[at..<at + 12].withUnsafeBufferPointer { (buffer) throws(NumPyError) in
          try appender.append(buffer)
        }
      }
      try appender.publish()
      try NumPyArray.write([2.5], shape: [], to: folder + "/scalar.npy")
      let verdict = try PythonInterpreter.run(
        """
        import sys, numpy as np
        want = (np.sqrt(np.arange(24)) / 3).reshape(2, 3, 4)
        for name in ['whole', 'parts', 'rows']:
            got = np.load(sys.argv[1] + '/' + name + '.npy', mmap_mode='r')
            assert got.dtype == '<f8' and got.flags.c_contiguous, name
            assert got.shape == want.shape and (got == want).all(), name
        assert np.load(sys.argv[1] + '/scalar.npy') == 2.5
        print('same')
        """, [folder])
      #expect(verdict == "same")
    }
  }
}

extension Substring {
  /// Without this ending.
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    String(hasSuffix(suffix) ? dropLast(suffix.count) : self)
  }
}
