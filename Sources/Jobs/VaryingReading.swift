extension Section {
  /// Reads a parameter by its own key, or several values in a list there or by its plural key; nil
  /// without either.
  func varying<Value: Comparable & Sendable>(
    _ parameter: PresetParameter, read: (Item) throws(JobError) -> Value
  ) throws(JobError) -> Varying<Value>? {
    let single = self[parameter.rawValue]
    let plural = parameter.plural.flatMap { self[$0] }
    if let single, let plural {
      throw plural.error(.conflict, "\(single.path) and \(plural.path) are both given; keep one")
    }
    guard let list = plural ?? single else { return nil }
    if plural == nil {
      guard case .list = list.node.content, parameter.plural != nil else {
        return .one(try read(list))
      }
    }
    var values: [Value] = []
    for element in try list.elements(of: "a list of numbers in ascending order") {
      let value = try read(element)
      if let last = values.last, value <= last {
        throw element.error(
          .outOfRange,
          "\(element.path) is \(element.node.words) after \(last); "
            + "write the values of \(list.path) in ascending order, each once")
      }
      values.append(value)
    }
    guard !values.isEmpty else { throw list.outOfRange(allowed: "a list of at least one number") }
    return .several(values)
  }
}

extension Varying {
  /// The part of a variant's name that tells the value, if the parameter varies.
  func label(_ parameter: PresetParameter, _ value: Value) -> String? {
    guard case .several = self else { return nil }
    if let number = value as? Double { return "\(parameter.rawValue)=\(numberText(number))" }
    return "\(parameter.rawValue)=\(value)"
  }
}
