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
}
