/// The parameters of one described layer, read by name and checked for leftovers.
package struct LayerParameters: Sendable {
  /// Where the layer stands, for error messages.
  package let position: String
  private let layer: String
  private var unread: [String: ParameterValue]
  private var known: [String] = []

  package init(_ description: LayerDescription, position: String) throws(NetworkError) {
    self.position = position
    layer = description.name
    unread = [:]
    for parameter in description.parameters {
      guard unread.updateValue(parameter.value, forKey: parameter.name) == nil else {
        throw NetworkError(position: position, reason: "'\(parameter.name)' is given twice")
      }
    }
  }

  /// The number called `name`, `fallback` where it is absent (an error where that is nil).
  package mutating func number(
    _ name: String, default fallback: Double? = nil, atLeast minimum: Double = -.infinity
  ) throws(NetworkError) -> Double {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else {
      if let fallback { return fallback }
      throw error("\(layer) needs '\(name)'")
    }
    guard case .number(let number) = value else {
      throw error("'\(name)' must be a number, not \(value.words)")
    }
    guard number.isFinite, number >= minimum else {
      let range = minimum.isFinite ? "finite and at least \(minimum)" : "finite"
      throw error("'\(name)' must be \(range), not \(number)")
    }
    return number
  }

  /// The whole number called `name`, which must be given.
  package mutating func count(_ name: String, atLeast minimum: Int) throws(NetworkError) -> Int {
    let number = try number(name, atLeast: Double(minimum))
    guard let whole = Int(exactly: number) else {
      throw error("'\(name)' must be a whole number, not \(number)")
    }
    return whole
  }

  /// The list of layers called `name`, which must be given.
  package mutating func layers(_ name: String) throws(NetworkError) -> [LayerDescription] {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else {
      throw error("\(layer) needs '\(name)'")
    }
    guard case .layers(let layers) = value else {
      throw error("'\(name)' must be a list of layers, not \(value.words)")
    }
    return layers
  }

  /// Ends the reading: a parameter that nobody asked for is an error that lists the known ones.
  func finish() throws(NetworkError) {
    guard let name = unread.keys.sorted().first else { return }
    let list = known.isEmpty ? "it takes none" : "known: \(known.joined(separator: ", "))"
    throw error("unknown parameter '\(name)' (\(list))")
  }

  private func error(_ reason: String) -> NetworkError {
    NetworkError(position: position, reason: reason)
  }
}

extension ParameterValue {
  /// The value in words, for error messages.
  var words: String {
    switch self {
    case .number(let number): return "\(number)"
    case .word(let word): return "'\(word)'"
    case .flag(let flag): return "\(flag)"
    case .numbers: return "a list of numbers"
    case .layers: return "a list of layers"
    case .branches: return "a list of branches"
    }
  }
}
