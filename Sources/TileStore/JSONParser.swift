/// Reads a JSON document (RFC 8259) and says where it stops being one.
struct JSONParser {
  /// What is wrong, and at which line.
  struct Failure: Error {
    let reason: String
    let line: Int
  }

  private let bytes: [UInt8]
  private var position = 0

  private static let deepestNesting = 64

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
    var parser = JSONParser(bytes)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position < bytes.count { throw parser.failure("text after the end of the document") }
    return value
  }

  private func failure(_ reason: String) -> Failure {
    let end = Swift.min(position, bytes.count)
    return Failure(
      reason: position >= bytes.count ? "the text ends too early" : reason,
      line: 1 + bytes[..<end].count { $0 == UInt8(ascii: "\n") })
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(Failure) -> JSONValue {
    if depth > JSONParser.deepestNesting { throw failure("nested too deeply") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    default: return try word()
    }
  }

  private mutating func object(depth: Int) throws(Failure) -> JSONValue {
    _ = take("{")
    var members: [JSONValue.Member] = []
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a member's name was expected") }
      let name = try string()
      guard take(":") else { throw failure("a colon was expected after \"\(name)\"") }
      members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
    } while take(",")
    guard take("}") else { throw failure("a comma or } was expected") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(Failure) -> JSONValue {
    _ = take("[")
    var values: [JSONValue] = []
    if take("]") { return .array(values) }
    repeat { values.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw failure("a comma or ] was expected") }
    return .array(values)
  }

  private mutating func word() throws(Failure) -> JSONValue {
    let start = position
    while let byte = next, byte.isWordByte { position += 1 }
    let word = String(decoding: bytes[start..<position], as: UTF8.self)
    switch word {
    case "null": return .null
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    default:
      guard let first = word.utf8.first, first == UInt8(ascii: "-") || first.isDigit,
        Double(word) != nil
      else {
        let isTruncated = position == bytes.count
        if !isTruncated { position = start }
        throw failure("a value was expected")
      }
      return .number(word)
    }
  }

  private mutating func string() throws(Failure) -> String {
    position += 1
    var units: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else {
          throw failure("a string is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): units += String(try escape()).utf8
      case 0..<32:
        position -= 1
        throw failure("a line break or control character in a string")
      default: units.append(byte)
      }
    }
    throw failure("a string does not end")
  }

  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    guard let byte = next else { throw failure("a string does not end") }
    position += 1
    switch Unicode.Scalar(byte) {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "\"": return "\""
    case "\\": return "\\"
    case "/": return "/"
    case "u":
      var code = try codeUnit()
      if (0xD800..<0xDC00).contains(code), position + 1 < bytes.count,
        bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try codeUnit()
        guard (0xDC00..<0xE000).contains(low) else { throw failure("half a surrogate pair") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
      return scalar
    default: throw failure("an unknown escape in a string")
    }
  }

  private mutating func codeUnit() throws(Failure) -> UInt32 {
    guard position + 4 <= bytes.count else {
      position = bytes.count
      throw failure("a string does not end")
    }
    let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
    guard let code = UInt32(digits, radix: 16) else { throw failure("\\u without four digits") }
    position += 4
    return code
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (48..<58).contains(self) }

  fileprivate var isWordByte: Bool {
    isDigit || (97..<123).contains(self) || (65..<91).contains(self) || self == 43 || self == 45
      || self == 46
  }
}
