/// The supported element types, with the names that NumPy uses: kind and size in bytes, little endian.
public enum NumPyDataType: String, CaseIterable, Sendable {
  /// Double precision.
  case float64 = "<f8"
  /// Single precision.
  case float32 = "<f4"
  /// Half precision.
  case float16 = "<f2"
  /// Signed, eight bytes.
  case int64 = "<i8"
  /// Signed, four bytes.
  case int32 = "<i4"
  /// Unsigned, one byte.
  case uint8 = "|u1"
  /// Signed, one byte.
  case int8 = "|i1"

  /// Bytes per element.
  public var size: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16: 2
    case .uint8, .int8: 1
    }
  }

  /// Whether the elements are whole numbers.
  public var isInteger: Bool {
    switch self {
    case .float64, .float32, .float16: false
    default: true
    }
  }

  /// All names, for messages.
  static var list: String { allCases.map(\.rawValue).joined(separator: " ") }

  /// Converts `count` elements at `bytes` to doubles. The conversion is exact, except for int64 values beyond 2^53.
  func convert(
    _ bytes: UnsafeRawPointer, count: Int, to values: UnsafeMutablePointer<Double>
  ) {
    switch self {
    case .float64:
      for i in 0..<count {
        values[i] = Double(bitPattern: Self.word(bytes, i, as: UInt64.self))
      }
    case .float32:
      for i in 0..<count {
        values[i] = Double(Float(bitPattern: Self.word(bytes, i, as: UInt32.self)))
      }
    case .float16:
      for i in 0..<count {
        values[i] = Double(Float16(bitPattern: Self.word(bytes, i, as: UInt16.self)))
      }
    case .int64: for i in 0..<count { values[i] = Double(Self.word(bytes, i, as: Int64.self)) }
    case .int32: for i in 0..<count { values[i] = Double(Self.word(bytes, i, as: Int32.self)) }
    case .uint8: for i in 0..<count { values[i] = Double(Self.word(bytes, i, as: UInt8.self)) }
    case .int8: for i in 0..<count { values[i] = Double(Self.word(bytes, i, as: Int8.self)) }
    }
  }

  /// Converts `count` elements of an integer type; nil for a floating-point type.
  func integers(_ bytes: UnsafeRawPointer, count: Int) -> [Int]? {
    switch self {
    case .float64, .float32, .float16: nil
    case .int64: (0..<count).map { Int(Self.word(bytes, $0, as: Int64.self)) }
    case .int32: (0..<count).map { Int(Self.word(bytes, $0, as: Int32.self)) }
    case .uint8: (0..<count).map { Int(Self.word(bytes, $0, as: UInt8.self)) }
    case .int8: (0..<count).map { Int(Self.word(bytes, $0, as: Int8.self)) }
    }
  }

  /// Converts `count` elements at `bytes` to single precision, rounded to the nearest; values
  /// beyond its range become infinite.
  package func convert(
    _ bytes: UnsafeRawPointer, count: Int, to values: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .float32:
      for i in 0..<count { values[i] = Float(bitPattern: Self.word(bytes, i, as: UInt32.self)) }
    case .float16:
      for i in 0..<count {
        values[i] = Float(Float16(bitPattern: Self.word(bytes, i, as: UInt16.self)))
      }
    case .float64:
      for i in 0..<count {
        values[i] = Float(Double(bitPattern: Self.word(bytes, i, as: UInt64.self)))
      }
    case .int64: for i in 0..<count { values[i] = Float(Self.word(bytes, i, as: Int64.self)) }
    case .int32: for i in 0..<count { values[i] = Float(Self.word(bytes, i, as: Int32.self)) }
    case .uint8: for i in 0..<count { values[i] = Float(Self.word(bytes, i, as: UInt8.self)) }
    case .int8: for i in 0..<count { values[i] = Float(Self.word(bytes, i, as: Int8.self)) }
    }
  }

  private static func word<Word: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawPointer, _ index: Int, as type: Word.Type
  ) -> Word {
    Word(
      littleEndian: bytes.loadUnaligned(
        fromByteOffset: index * MemoryLayout<Word>.size, as: type))
  }
}
