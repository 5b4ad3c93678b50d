/// A JSON document whose objects keep the order of their members, as people wrote them.
///
/// Foundation's decoder loses that order, which a fingerprint needs to name its first difference.
indirect enum JSONValue: Equatable, Sendable {
  case null
  case boolean(Bool)
  /// The number as it is spelt: 64-bit sizes must not pass through a double.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  struct Member: Equatable, Sendable {
    let name: String
    let value: JSONValue
  }

  static func integer(_ value: Int) -> JSONValue { .number(String(value)) }

  static func members(_ pairs: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(pairs.map { Member(name: $0.key, value: $0.value) })
  }

  /// The member of an object; nil where there is none or this is no object.
  subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  var integers: [Int]? {
    guard case .array(let values) = self else { return nil }
    let integers = values.compactMap { value in
      if case .number(let text) = value { Int(text) } else { nil }
    }
    return integers.count == values.count ? integers : nil
  }

  /// The document, indented by two spaces, lists of numbers on one line.
  func rendered(indent: Int = 0) -> String {
    let inner = String(repeating: " ", count: indent + 2)
    let outer = String(repeating: " ", count: indent)
    switch self {
    case .null: return "null"
    case .boolean(let value): return value ? "true" : "false"
    case .number(let text): return text
    case .string(let text): return JSONValue.quoted(text)
    case .array(let values):
      if integers != nil { return "[" + values.map { $0.rendered() }.joined(separator: ", ") + "]" }
      let lines = values.map { inner + $0.rendered(indent: indent + 2) }
      return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
    case .object(let members):
      if members.isEmpty { return "{}" }
      let lines = members.map {
        inner + JSONValue.quoted($0.name) + ": " + $0.value.rendered(indent: indent + 2)
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
