/// A whole `.npy` array in memory.
public struct NumPyArray: Equatable, Sendable {
  /// The elements, in the narrowest of three forms that holds the file's type.
  public enum Elements: Equatable, Sendable {
    /// Of a floating-point type.
    case doubles([Double])
    /// Of a signed integer type.
    case integers([Int])
    /// Of type |u1.
    case bytes([UInt8])
  }

  /// Lengths of the axes; empty for a scalar.
  public let shape: [Int]
  /// The type in the file.
  public let dataType: NumPyDataType
  /// The elements in C order.
  public let elements: Elements

  /// Reads a file; the errors of `NumPyFileReader`.
  public init(reading path: String) throws(NumPyError) {
    let reader = try NumPyFileReader(path: path)
    shape = reader.shape
    dataType = reader.dataType
    let range = 0..<reader.header.count
    switch reader.dataType {
    case .float64, .float32:
      var values = [Double](repeating: 0, count: range.count)
      try values.withUnsafeMutableBufferPointer { (buffer) throws(NumPyError) in
        try reader.read(range, into: buffer)
      }
      elements = .doubles(values)
    case .uint8: elements = .bytes(try reader.integers(range).map { UInt8($0) })
    case .int64, .int32, .int8: elements = .integers(try reader.integers(range))
    }
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

  /// Writes `values` as a float64 array in C order; the file appears whole or not at all.
  ///
  /// Precondition: as many values as the shape has elements; wrongShape. Errors: cannotCreate,
  /// inputOutput.
  public static func write(
    _ values: [Double], shape: [Int], to path: String
  ) throws(NumPyError) {
    try values.withUnsafeBufferPointer { (buffer) throws(NumPyError) in
      try write(buffer, shape: shape, to: path)
    }
  }

  /// Writes bytes as a uint8 array in C order; as the form that takes doubles.
  public static func write(_ bytes: [UInt8], shape: [Int], to path: String) throws(NumPyError) {
    let header = try NumPyHeader(dataType: .uint8, shape: shape, path: path)
    guard bytes.count == header.count else {
      throw .wrongShape(
        path: path, problem: "of shape \(shape) cannot be made of \(bytes.count) values")
    }
    let file = try PartialFile(creating: path)
    try file.write(header.encoded() + bytes, at: 0)
    try file.publish()
  }

  /// Writes a buffer as a float64 array in C order; as the form that takes an array.
  public static func write(
    _ values: UnsafeBufferPointer<Double>, shape: [Int], to path: String
  ) throws(NumPyError) {
    let header = try NumPyHeader(dataType: .float64, shape: shape, path: path)
    guard values.count == header.count else {
      throw .wrongShape(
        path: path, problem: "of shape \(shape) cannot be made of \(values.count) values")
    }
    let file = try PartialFile(creating: path)
    try file.write(header.encoded(), at: 0)
    try file.write(values, at: header.dataOffset)
    try file.publish()
  }
}
