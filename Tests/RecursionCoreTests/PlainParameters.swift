import RecursionCore

/// Parameters of a layer by name, with what they are when not written.
extension LayerDescription {
  private func value(_ name: String) -> ParameterValue? {
    parameters.first { $0.name == name }?.value
  }

  func number(_ name: String, _ fallback: Double) -> Double {
    if case .number(let number)? = value(name) { return number }
    return fallback
  }

  func word(_ name: String, _ fallback: String) -> String {
    if case .word(let word)? = value(name) { return word }
    return fallback
  }

  func flag(_ name: String, _ fallback: Bool) -> Bool {
    if case .flag(let flag)? = value(name) { return flag }
    return fallback
  }

  func integers(_ name: String, _ fallback: [Int]) -> [Int] {
    if case .numbers(let numbers)? = value(name) { return numbers.map { Int($0) } }
    return fallback
  }

  func numbers(_ name: String, _ fallback: [Double]) -> [Double] {
    if case .numbers(let numbers)? = value(name) { return numbers }
    return fallback
  }

  func layers(_ name: String) -> [LayerDescription] {
    if case .layers(let layers)? = value(name) { return layers }
    return []
  }
}

/// Layers on one line, for the message of a test.
func text(_ layers: [LayerDescription]) -> String {
  layers.map { layer in
    let parameters = layer.parameters.map { parameter in
      switch parameter.value {
      case .number(let number): return "\(parameter.name)=\(number)"
      case .numbers(let numbers): return "\(parameter.name)=\(numbers)"
      case .word(let word): return "\(parameter.name)=\(word)"
      case .flag(let flag): return "\(parameter.name)=\(flag)"
      case .layers(let layers): return "\(parameter.name)=[\(text(layers))]"
      case .branches, .optionalNumbers, .matrix: return "\(parameter.name)=..."
      }
    }
    return parameters.isEmpty
      ? layer.name : "\(layer.name)(\(parameters.joined(separator: ", ")))"
  }.joined(separator: " > ")
}
