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

  func layers(_ name: String) -> [LayerDescription] {
    if case .layers(let layers)? = value(name) { return layers }
    return []
  }
}
