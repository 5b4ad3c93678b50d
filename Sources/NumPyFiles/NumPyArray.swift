import DurableFiles
import Glibc

/// A whole `.npy` array in memory.
public struct NumPyArray: Equatable, Sendable {
  /// The elements, in the narrowest of three forms that can hold the type of the file.
  public enum Elements: Equatable, Sendable {
    /// Elements of a floating-point type.
    case doubles([Double])
    /// Elements of a signed integer type.
    case integers([Int])
    /// Elements of type |u1.
    case bytes([UInt8])
  }

  /// Lengths of the axes; empty for a scalar.
  public let shape: [Int]
  /// The type in the file.
  public let dataType: NumPyDataType
  /// The elements in C order.
  public let elements: Elements

  /// Reads a file.
  ///
  /// Errors: those of `NumPyFileReader`; tooLarge if the array does not fit into memory.
  public init(reading path: String) throws(NumPyError) {
    let reader = try NumPyFileReader(path: path)
    shape = reader.shape
    dataType = reader.dataType
    let range = 0..<reader.header.count
    try Self.requireMemory(for: reader.header, path: path)
    switch reader.dataType {
    case .float64, .float32, .float16:
      var values = [Double](repeating: 0, count: range.count)
      try values.withUnsafeMutableBufferPointer { (buffer) throws(NumPyError) in
        try reader.read(range, into: buffer)
      }
      elements = .doubles(values)
    case .uint8: elements = .bytes(try reader.bytes(range))
    case .int64, .int32, .int8: elements = .integers(try reader.integers(range))
    }
  }

  /// Throws if an array of this size cannot be allocated. A failed allocation would end the program.
  private static func requireMemory(
    for header: NumPyHeader, path: String
  ) throws(NumPyError) {
    let (bytes, overflow) = header.count.multipliedReportingOverflow(
      by: header.dataType == .uint8 ? 1 : 8)
    // A call of malloc would not work: the optimizer removes an allocation that is only freed again.
    let probe =
      overflow
      ? MAP_FAILED
      : mmap(nil, max(bytes, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard probe != MAP_FAILED else {
      throw .tooLarge(path: path, bytes: overflow ? .max : bytes)
    }
    munmap(probe, max(bytes, 1))
  }

  /// The elements as doubles.
  public var doubles: [Double] {
    switch elements {
    case .doubles(let values): values
    case .integers(let values): values.map { Double($0) }
    case .bytes(let values): values.map { Double($0) }
    }
  }

  /// The elements as integers; nil for a floating-point type.
  public var integers: [Int]? {
    switch elements {
    case .doubles: nil
    case .integers(let values): values
    case .bytes(let values): values.map { Int($0) }
    }
  }

  /// The elements as bytes; nil for a type other than |u1.
  public var bytes: [UInt8]? {
    if case .bytes(let values) = elements { values } else { nil }
  }

  /// Writes `values` as a float64 array in C order. The file appears either whole or not at all.
  ///
  /// - Precondition: the number of values equals the number of elements of `shape`; otherwise wrongShape.
  ///
  /// Errors: file, wrongShape.
  public static func write(
    _ values: [Double], shape: [Int], to path: String, disk: Disk = Disk()
  ) throws(NumPyError) {
    try write(.float64, count: values.count, shape: shape, to: path, disk) {
      (file) throws(FileError) in
      try values.withUnsafeBufferPointer { (buffer) throws(FileError) in
        try withLittleEndianBytes(of: buffer) { (bytes) throws(FileError) in
          try file.write(bytes)
        }
      }
    }
  }

  /// Writes bytes as a uint8 array in C order, in the same way as the form that takes doubles.
  public static func write(
    _ bytes: [UInt8], shape: [Int], to path: String, disk: Disk = Disk()
  ) throws(NumPyError) {
    try write(.uint8, count: bytes.count, shape: shape, to: path, disk) {
      (file) throws(FileError) in
      try file.write(bytes)
    }
  }

  private static func write(
    _ dataType: NumPyDataType, count: Int, shape: [Int], to path: String, _ disk: Disk,
    _ elements: (borrowing PendingFile) throws(FileError) -> Void
  ) throws(NumPyError) {
    let header = try NumPyHeader(dataType: dataType, shape: shape, path: path)
    guard count == header.count else {
      throw .wrongShape(
        path: path, problem: "of shape \(shape) cannot be made of \(count) values")
    }
    try onFile { () throws(FileError) in
      try disk.publish(to: path) { (file) throws(FileError) in
        try file.write(header.encoded())
        try elements(file)
      }
    }
  }
}
