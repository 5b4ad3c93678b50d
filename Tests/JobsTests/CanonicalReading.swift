import RecursionCore
import Testing

/// The layers of a canonical text: a reader of the tests' own, which shows that nothing is lost.
///
/// Parameters come in alphabetical order, as `sorted` has them.
func parsed(_ canonicalText: String) throws -> [LayerDescription] {
  var reader = CanonicalReader(text: Array(canonicalText))
  let layers = try reader.layers()
  try #require(reader.isAtEnd, "read up to \(reader.index) of \(canonicalText)")
  return layers
}

/// The layer with its parameters in alphabetical order, and so every layer within.
func sorted(_ layer: LayerDescription) -> LayerDescription {
  var layer = layer
  // The order of `repeat` is that of its folding.
  if layer.name != "repeat" { layer.parameters.sort { $0.name < $1.name } }
  for index in layer.parameters.indices {
    switch layer.parameters[index].value {
    case .layers(let inner): layer.parameters[index].value = .layers(inner.map(sorted))
    case .branches(let inner):
      layer.parameters[index].value = .branches(inner.map { $0.map(sorted) })
    default: break
    }
  }
  return layer
}

/// layers = [layer {"; " layer}]; layer = count " x " group | name ["(" name "=" value ... ")"];
/// group = "{" layers "}".
private struct CanonicalReader {
  let text: [Character]
  var index = 0

  var isAtEnd: Bool { index == text.count }

  mutating func layers() throws -> [LayerDescription] {
    var layers: [LayerDescription] = []
    while !isAtEnd, text[index] != "}" {
      if !layers.isEmpty { try take("; ") }
      layers.append(try layer())
    }
    return layers
  }

  private mutating func layer() throws -> LayerDescription {
    let name = try word()
    if !name.isQuoted, let count = number(name.text) {
      try take(" x ")
      return LayerDescription(
        "repeat", [.init("count", .number(count)), .init("layers", .layers(try group()))])
    }
    var parameters: [LayerDescription.Parameter] = []
    guard found("(") else { return LayerDescription(name.text) }
    repeat {
      let key = try word(endingAt: "=").text
      try take("=")
      parameters.append(.init(key, try value(key)))
    } while found(", ")
    try take(")")
    return LayerDescription(name.text, parameters)
  }

  private mutating func value(_ key: String) throws -> ParameterValue {
    if !isAtEnd, text[index] == "{" { return .layers(try group()) }
    if found("[") {
      if found("]") { return key == "branches" ? .branches([]) : .numbers([]) }
      var branches: [[LayerDescription]] = []
      var numbers: [Double?] = []
      repeat {
        if !isAtEnd, text[index] == "{" {
          branches.append(try group())
        } else {
          let text = try word().text
          if text == "null" {
            numbers.append(nil)
          } else {
            let value: Double = try #require(number(text))
            numbers.append(value)
          }
        }
      } while found(", ")
      try take("]")
      guard branches.isEmpty else { return .branches(branches) }
      let given = numbers.compactMap(\.self)
      return given.count == numbers.count ? .numbers(given) : .optionalNumbers(numbers)
    }
    let word = try word()
    if word.isQuoted { return .word(word.text) }
    if let flag = Bool(word.text) { return .flag(flag) }
    return number(word.text).map(ParameterValue.number) ?? .word(word.text)
  }

  private mutating func group() throws -> [LayerDescription] {
    try take("{")
    let layers = try layers()
    try take("}")
    return layers
  }

  /// A plain text as a number; `Double` alone would take `nan` and `infinity` too.
  private func number(_ text: String) -> Double? {
    text.contains { ("0"..."9").contains($0) } ? Double(text) : nil
  }

  /// A text in quotes, or up to the next mark.
  private mutating func word(
    endingAt mark: Character? = nil
  ) throws -> (text: String, isQuoted: Bool) {
    if found("\"") {
      var word = ""
      while !found("\"") {
        try #require(!isAtEnd)
        if text[index] == "\\" { index += 1 }
        word.append(text[index])
        index += 1
      }
      return (word, true)
    }
    let start = index
    while !isAtEnd, !"(){}[],; ".contains(text[index]), text[index] != mark { index += 1 }
    try #require(index > start)
    return (String(text[start..<index]), false)
  }

  private mutating func found(_ mark: String) -> Bool {
    guard text[index...].starts(with: mark) else { return false }
    index += mark.count
    return true
  }

  private mutating func take(_ mark: String) throws {
    try #require(found(mark), "no '\(mark)' at \(index) of \(String(text))")
  }
}
