/// Parses the Python literal in a NumPy header: a dictionary with three entries.
struct PythonLiteral {
  /// The entries of the dictionary.
  struct Fields {
    var descriptor: String
    var isFortranOrder: Bool
    var shape: [Int]
  }

  /// The error if the header does not contain such a dictionary. `problem` is the end of a sentence about the header.
  struct Mismatch: Error {
    let problem: String
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// Parses `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }` in any order of keys.
  mutating func fields() throws(Mismatch) -> Fields {
    var descriptor: String?
    var order: Bool?
    var shape: [Int]?
    try expect("{")
    while !accept("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr": descriptor = try typeDescriptor()
      case "fortran_order": order = try boolean()
      case "shape": shape = try tuple()
      default: throw Mismatch(problem: "has the unknown key '\(key)'")
      }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    guard let descriptor, let order, let shape else {
      throw Mismatch(problem: "lacks one of 'descr', 'fortran_order' and 'shape'")
    }
    return Fields(descriptor: descriptor, isFortranOrder: order, shape: shape)
  }

  private mutating func skipSpace() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 || $0 == 0x0D }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard let first = rest.first, UInt32(first) == character.value else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Mismatch) {
    guard accept(character) else {
      throw Mismatch(problem: "has \(found) where '\(character)' belongs")
    }
  }

  private var found: String {
    rest.isEmpty ? "its end" : "'\(String(decoding: rest.prefix(12), as: UTF8.self))'"
  }

  private mutating func string() throws(Mismatch) -> String {
    skipSpace()
    guard let quote = rest.first, quote == 0x27 || quote == 0x22,
      let end = rest.dropFirst().firstIndex(of: quote)
    else { throw Mismatch(problem: "has \(found) where a quoted name belongs") }
    defer { rest = rest[(end + 1)...] }
    return String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
  }

  /// A quoted type. A list of fields (a structured type) is returned as its text, so that the error can show it.
  private mutating func typeDescriptor() throws(Mismatch) -> String {
    skipSpace()
    guard rest.first == UInt8(ascii: "[") else { return try string() }
    guard let end = rest.lastIndex(of: UInt8(ascii: "]")) else {
      throw Mismatch(problem: "has a list of fields that does not end")
    }
    defer { rest = rest[(end + 1)...] }
    return String(decoding: rest[...end], as: UTF8.self)
  }

  private mutating func boolean() throws(Mismatch) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.utf8) {
      rest = rest.dropFirst(word.utf8.count)
      return value
    }
    throw Mismatch(problem: "has \(found) where True or False belongs")
  }

  private mutating func tuple() throws(Mismatch) -> [Int] {
    var lengths: [Int] = []
    try expect("(")
    while !accept(")") {
      lengths.append(try integer())
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return lengths
  }

  private mutating func integer() throws(Mismatch) -> Int {
    skipSpace()
    let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
    guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
      throw Mismatch(problem: "has \(found) where a length belongs")
    }
    rest = rest.dropFirst(digits.count)
    // Python 2 wrote long integers with a trailing L.
    if rest.first == UInt8(ascii: "L") { rest.removeFirst() }
    return value
  }
}
