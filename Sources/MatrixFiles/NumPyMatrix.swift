import DurableFiles
import NumPyFiles

/// A `.npy` file as a matrix: the first axes form the rows, and the other axes together form the columns.
package final class NumPyMatrix: MatrixFile {
  private let reader: NumPyFileReader
  package let rows: Int
  package let columns: Int

  /// The number of bytes of a part.
  private static let partBytes = 1 << 22

  /// Opens a file of floating-point numbers.
  ///
  /// Local. Errors: numPy, notFloating.
  package init(_ path: String, rowAxes: Int = 1) throws(MatrixError) {
    reader = try onNumPy { () throws(NumPyError) in try NumPyFileReader(path: path) }
    rows = reader.shape.prefix(rowAxes).reduce(1, *)
    columns = reader.shape.dropFirst(rowAxes).reduce(1, *)
    guard !reader.dataType.isInteger else {
      throw .notFloating(path: path, found: reader.dataType.rawValue)
    }
    guard !reader.shape.isEmpty, reader.shape.allSatisfy({ $0 > 0 }) else {
      throw .numPy(
        .wrongShape(path: path, problem: "has shape \(reader.shape), which holds nothing"))
    }
  }

  package var path: String { reader.path }
  package var shape: [Int] { reader.shape }
  package var elementType: String { "float\(8 * reader.dataType.size)" }
  package var isLowerTriangle: Bool { false }

  package func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Double>
  ) throws(MatrixError) {
    try forEachStretch(rows, columns) { (elements, place) throws(NumPyError) in
      try reader.read(
        elements,
        into: UnsafeMutableBufferPointer(rebasing: values[place..<place + elements.count]))
    }
  }

  package func read(
    rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(MatrixError) {
    try forEachStretch(rows, columns) { (elements, place) throws(NumPyError) in
      try reader.read(
        elements,
        into: UnsafeMutableBufferPointer(rebasing: values[place..<place + elements.count]))
    }
  }

  /// Calls `body` for each contiguous stretch of elements of a block, with the place of the stretch in the block.
  private func forEachStretch(
    _ rows: Range<Int>, _ columns: Range<Int>,
    _ body: (_ elements: Range<Int>, _ place: Int) throws(NumPyError) -> Void
  ) throws(MatrixError) {
    let width = self.columns
    try onNumPy { () throws(NumPyError) in
      guard columns.count < width else {
        return try body(rows.lowerBound * width..<rows.upperBound * width, 0)
      }
      for row in rows {
        let first = row * width + columns.lowerBound
        try body(first..<first + columns.count, (row - rows.lowerBound) * columns.count)
      }
    }
  }

  /// The number of places in the file that `identity` samples, and the number of bytes at each place.
  private static let samples = (count: 64, bytes: 4096)

  package func identity() throws(MatrixError) -> [UInt64] {
    let size = reader.dataType.size
    let length = min(Self.samples.bytes / size, reader.header.count)
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: length * size, alignment: 8)
    defer { bytes.deallocate() }
    let room = reader.header.count - length
    let count = min(Self.samples.count, room / max(length, 1) + 1)
    var numbers = shape.map { UInt64($0) } + Array(elementType.utf8).map(UInt64.init)
    for index in 0..<count {
      let first = count > 1 ? room * index / (count - 1) : 0
      try onNumPy { () throws(NumPyError) in
        try reader.readBytes(of: first..<first + length, into: bytes)
      }
      numbers.append(UInt64(CRC32C.checksum(UnsafeRawBufferPointer(bytes))))
    }
    return numbers
  }

  private var elementsPerPart: Int { Self.partBytes / reader.dataType.size }

  package var partCount: Int { (reader.header.count - 1) / elementsPerPart + 1 }

  package func checksum(ofPart part: Int) throws(MatrixError) -> UInt32 {
    let first = part * elementsPerPart
    let range = first..<min(first + elementsPerPart, reader.header.count)
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: range.count * reader.dataType.size, alignment: 8)
    defer { bytes.deallocate() }
    try onNumPy { () throws(NumPyError) in try reader.readBytes(of: range, into: bytes) }
    return CRC32C.checksum(UnsafeRawBufferPointer(bytes))
  }
}
