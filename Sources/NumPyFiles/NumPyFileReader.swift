/// A `.npy` file whose elements are read range by range, so that it may be larger than the memory.
public struct NumPyFileReader: ~Copyable, Sendable {
  /// The file's header.
  public let header: NumPyHeader
  private let file: DataFile

  /// The number of elements that are converted at a time: 1 MiB of the widest type.
  private static let panel = 1 << 17

  /// Lengths of the axes.
  public var shape: [Int] { header.shape }
  /// The elements' type.
  public var dataType: NumPyDataType { header.dataType }
  /// The path with which the file was opened.
  public var path: String { file.path }

  /// Opens the file and checks that its length agrees with its header.
  ///
  /// Errors: file, foreign, truncated, malformedHeader, unknownDataType, fortranOrder, wrongShape.
  public init(path: String) throws(NumPyError) {
    let file = try DataFile(path: path)
    let length = try NumPyHeader.length(
      of: file.head(NumPyHeader.prefixSize), path: path)
    guard length <= NumPyHeader.largest else {
      throw .malformedHeader(
        path: path, problem: "takes \(length) bytes where \(NumPyHeader.largest) are the most")
    }
    guard length <= file.size else {
      throw .truncated(path: path, expectedBytes: length, foundBytes: file.size)
    }
    let header = try NumPyHeader(parsing: file.head(length), path: path)
    guard file.size >= header.fileSize else {
      throw .truncated(path: path, expectedBytes: header.fileSize, foundBytes: file.size)
    }
    self.header = header
    self.file = file
  }

  /// Reads elements, counted in C order, as doubles.
  ///
  /// - Precondition: `range` lies within the array and `values` has the same length; otherwise wrongShape.
  public func read(
    _ range: Range<Int>, into values: UnsafeMutableBufferPointer<Double>
  ) throws(NumPyError) {
    try check(range)
    guard values.count == range.count else {
      throw .wrongShape(
        path: path, problem: "gives \(range.count) elements for a buffer of \(values.count)")
    }
    guard let target = values.baseAddress else { return }
    if header.dataType == .float64 && 1.littleEndian == 1 {
      let bytes = UnsafeMutableRawBufferPointer(values)
      try file.read(into: bytes, at: header.dataOffset + range.lowerBound * 8)
      return
    }
    try forEachPanel(of: range) { bytes, first, count in
      header.dataType.convert(bytes, count: count, to: target + (first - range.lowerBound))
    }
  }

  /// Reads elements, counted in C order, in single precision; values beyond its range become infinite.
  ///
  /// - Precondition: `range` lies within the array and `values` has the same length; otherwise wrongShape.
  package func read(
    _ range: Range<Int>, into values: UnsafeMutableBufferPointer<Float>
  ) throws(NumPyError) {
    try check(range)
    guard values.count == range.count else {
      throw .wrongShape(
        path: path, problem: "gives \(range.count) elements for a buffer of \(values.count)")
    }
    guard let target = values.baseAddress else { return }
    if header.dataType == .float32 && 1.littleEndian == 1 {
      let bytes = UnsafeMutableRawBufferPointer(values)
      try file.read(into: bytes, at: header.dataOffset + range.lowerBound * 4)
      return
    }
    try forEachPanel(of: range) { bytes, first, count in
      header.dataType.convert(bytes, count: count, to: target + (first - range.lowerBound))
    }
  }

  /// Reads elements of an integer type. Errors: wrongDataType for a floating-point type.
  public func integers(_ range: Range<Int>) throws(NumPyError) -> [Int] {
    guard header.dataType.isInteger else {
      throw .wrongDataType(path: path, found: header.dataType, needed: "integers")
    }
    try check(range)
    var values: [Int] = []
    values.reserveCapacity(range.count)
    try forEachPanel(of: range) { bytes, _, count in
      values += header.dataType.integers(bytes, count: count) ?? []
    }
    return values
  }

  /// Reads elements of type |u1. Errors: wrongDataType for another type.
  func bytes(_ range: Range<Int>) throws(NumPyError) -> [UInt8] {
    guard header.dataType == .uint8 else {
      throw .wrongDataType(path: path, found: header.dataType, needed: "bytes")
    }
    try check(range)
    var values = [UInt8](repeating: 0, count: range.count)
    try values.withUnsafeMutableBufferPointer { (buffer) throws(NumPyError) in
      try file.read(
        into: UnsafeMutableRawBufferPointer(buffer), at: header.dataOffset + range.lowerBound)
    }
    return values
  }

  /// Reads the bytes of elements, counted in C order, as they are stored in the file.
  ///
  /// - Precondition: `range` lies within the array, otherwise wrongShape; `bytes` has the size of these elements.
  package func readBytes(
    of range: Range<Int>, into bytes: UnsafeMutableRawBufferPointer
  ) throws(NumPyError) {
    try check(range)
    try file.read(into: bytes, at: header.dataOffset + range.lowerBound * header.dataType.size)
  }

  private func check(_ range: Range<Int>) throws(NumPyError) {
    guard range.lowerBound >= 0, range.upperBound <= header.count else {
      throw .wrongShape(
        path: path, problem: "has \(header.count) elements, not those at \(range)")
    }
  }

  private func forEachPanel(
    of range: Range<Int>, _ body: (UnsafeRawPointer, _ first: Int, _ count: Int) -> Void
  ) throws(NumPyError) {
    let size = header.dataType.size
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(min(Self.panel, range.count), 1) * size, alignment: 8)
    defer { bytes.deallocate() }
    var first = range.lowerBound
    while first < range.upperBound {
      let count = min(Self.panel, range.upperBound - first)
      let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * size)])
      try file.read(into: piece, at: header.dataOffset + first * size)
      if let base = piece.baseAddress { body(UnsafeRawPointer(base), first, count) }
      first += count
    }
  }
}
