/// The contents of the header of a `.npy` file: element type and shape, in C order.
///
/// Source: numpy.lib.format, versions 1.0, 2.0 and 3.0.
public struct NumPyHeader: Equatable, Sendable {
  /// The elements' type.
  public let dataType: NumPyDataType
  /// Lengths of the axes; empty for a scalar.
  public let shape: [Int]
  /// The number of bytes before the first element.
  public let dataOffset: Int

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }
  /// The number of bytes of the whole file.
  public var fileSize: Int { dataOffset + count * dataType.size }

  /// The number of bytes of the fixed beginning: magic, version and the longer form of the length.
  static let prefixSize = 12
  /// The number of bytes of the largest header that is read; the headers of NumPy itself are
  /// shorter than 10,000 bytes.
  static let largest = 1 << 20
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Creates the header of a new file, with room for the first axis to grow to any 64-bit length.
  ///
  /// - Precondition: no length is negative, and the size fits into 64 bits; otherwise wrongShape.
  public init(dataType: NumPyDataType, shape: [Int], path: String) throws(NumPyError) {
    try Self.checkSize(of: shape, dataType: dataType, path: path)
    self.dataType = dataType
    self.shape = shape
    self.dataOffset = Self.encode(dataType: dataType, shape: shape).count
  }

  /// Parses the header at the beginning of `bytes`, which must hold at least `length(of:)` bytes.
  public init(parsing bytes: [UInt8], path: String) throws(NumPyError) {
    let (start, length) = try Self.extent(of: bytes, path: path)
    guard bytes.count >= start + length else {
      throw .truncated(path: path, expectedBytes: start + length, foundBytes: bytes.count)
    }
    var literal = PythonLiteral(bytes[start..<start + length])
    let fields: PythonLiteral.Fields
    do throws(PythonLiteral.Mismatch) {
      fields = try literal.fields()
    } catch {
      throw .malformedHeader(path: path, problem: error.problem)
    }
    guard let type = NumPyDataType(rawValue: fields.descriptor) else {
      throw .unknownDataType(path: path, descriptor: fields.descriptor)
    }
    // If at most one axis is longer than one element, both orders are the same.
    if fields.isFortranOrder && fields.shape.count(where: { $0 > 1 }) > 1 {
      throw .fortranOrder(path: path)
    }
    try Self.checkSize(of: fields.shape, dataType: type, path: path)
    self.dataType = type
    self.shape = fields.shape
    self.dataOffset = start + length
  }

  /// The number of bytes of the whole header, determined from the first `prefixSize` bytes.
  static func length(of prefix: [UInt8], path: String) throws(NumPyError) -> Int {
    let (start, length) = try extent(of: prefix, path: path)
    return start + length
  }

  /// The bytes of a header: version 1.0, with data at a multiple of 64 bytes.
  public func encoded() -> [UInt8] { Self.encode(dataType: dataType, shape: shape) }

  private static func encode(dataType: NumPyDataType, shape: [Int]) -> [UInt8] {
    let lengths = shape.map { "\($0), " }.joined()
    let text = "{'descr': '\(dataType.rawValue)', 'fortran_order': False, 'shape': (\(lengths)), }"
    // As in NumPy, there is spare room for a first axis of 21 digits, so that it can grow in place.
    let digits = shape.first.map { "\($0)".utf8.count } ?? 21
    let used = 10 + text.utf8.count + (21 - digits) + 1
    let total = (used + 63) / 64 * 64
    var bytes = magic + [1, 0]
    let length = total - 10
    bytes += [UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
    bytes += Array(text.utf8)
    bytes += Array(repeating: UInt8(ascii: " "), count: total - 1 - bytes.count)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  /// The start and the length of the dictionary.
  private static func extent(
    of bytes: [UInt8], path: String
  ) throws(NumPyError) -> (start: Int, length: Int) {
    guard bytes.count >= magic.count, Array(bytes.prefix(magic.count)) == magic else {
      throw .foreign(path: path, looksLike: FileSignature.name(of: bytes))
    }
    guard bytes.count >= prefixSize else {
      throw .truncated(path: path, expectedBytes: prefixSize, foundBytes: bytes.count)
    }
    switch bytes[6] {
    case 1: return (10, Int(bytes[8]) | Int(bytes[9]) << 8)
    case 2, 3:
      return (12, (0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) })
    default:
      throw .malformedHeader(
        path: path, problem: "is of format version \(bytes[6]).\(bytes[7]), beyond 3.0")
    }
  }

  private static func checkSize(
    of shape: [Int], dataType: NumPyDataType, path: String
  ) throws(NumPyError) {
    var bytes = dataType.size
    for length in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: max(length, 1))
      guard length >= 0, !overflow, product < Int.max - 1 << 20 else {
        throw .wrongShape(
          path: path, problem: "has shape \(shape), which no 64-bit file size can hold")
      }
      bytes = product
    }
  }
}
