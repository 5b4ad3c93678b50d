/// A parameter with one value, or with several values that each make one network.
public enum Varying<Value: Sendable & Equatable>: Sendable, Equatable {
  /// One value. It does not appear in the names of variants.
  case one(Value)
  /// Values in ascending order. They appear in the names of variants.
  case several([Value])

  /// The values.
  public var values: [Value] {
    switch self {
    case .one(let value): [value]
    case .several(let values): values
    }
  }

  /// The part of a variant's name that gives the value; nil if the parameter does not vary.
  package func label(_ key: String, _ value: Value) -> String? {
    guard case .several = self else { return nil }
    if let number = value as? Double { return "\(key)=\(numberText(number))" }
    return "\(key)=\(value)"
  }
}
