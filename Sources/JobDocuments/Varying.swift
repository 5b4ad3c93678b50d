/// A parameter with one value, or with several that make as many networks.
public enum Varying<Value: Sendable & Equatable>: Sendable, Equatable {
  /// One value, which variants' names leave out.
  case one(Value)
  /// Values in ascending order, which variants' names tell.
  case several([Value])

  /// The values.
  public var values: [Value] {
    switch self {
    case .one(let value): [value]
    case .several(let values): values
    }
  }

  /// The part of a variant's name that tells the value, if the parameter varies.
  package func label(_ key: String, _ value: Value) -> String? {
    guard case .several = self else { return nil }
    if let number = value as? Double { return "\(key)=\(numberText(number))" }
    return "\(key)=\(value)"
  }
}
