/// A value to be written as JSON.
indirect enum JSONValue {
  case null
  case flag(Bool)
  /// A number; NaN and infinities are written as null.
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([(key: String, value: JSONValue)])

  /// The value as JSON on one line.
  var json: String {
    switch self {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .number(let number): Self.json(number)
    case .text(let text): Self.json(text)
    case .list(let values): "[\(values.map(\.json).joined(separator: ", "))]"
    case .object(let entries):
      "{\(entries.map { "\(Self.json($0.key)): \($0.value.json)" }.joined(separator: ", "))}"
    }
  }

  private static func json(_ number: Double) -> String {
    guard number.isFinite else { return "null" }
    if let whole = Int(exactly: number), abs(number) < 0x1p53 { return "\(whole)" }
    return "\(number)"
  }

  private static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 {
          result += scalar.value < 0x10 ? "\\u000" : "\\u00"
          result += String(scalar.value, radix: 16)
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
