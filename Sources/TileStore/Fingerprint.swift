/// What the values of an array depend on, field by field, as canonical text.
///
/// Two arrays with equal fingerprints hold the same values bit by bit.
public struct Fingerprint: Equatable, Sendable {
  /// One field: a name as in the job file (`network.depth`) and its value as canonical text.
  public struct Field: Equatable, Sendable {
    /// The name.
    public let name: String
    /// The value.
    public let value: String
  }

  /// A field in which two fingerprints differ; a value is nil where the field is absent.
  public struct Difference: Equatable, Sendable {
    /// The name of the field.
    public let name: String
    /// Its value in the fingerprint that was asked.
    public let own: String?
    /// Its value in the other one.
    public let other: String?
  }

  /// The fields, the ones to be compared first at the front.
  public private(set) var fields: [Field] = []

  /// A fingerprint of the given fields, in this order.
  public init(_ fields: KeyValuePairs<String, String> = [:]) {
    for (name, value) in fields { self[name] = value }
  }

  /// The value of a field; setting a new field puts it at the end, setting nil removes it.
  public subscript(name: String) -> String? {
    get { fields.first { $0.name == name }?.value }
    set {
      let place = fields.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): fields[place] = Field(name: name, value: value)
      case (let place?, nil): fields.remove(at: place)
      case (nil, let value?): fields.append(Field(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  /// The first field that differs: in this one's order, then fields only the other has; nil if none.
  public func firstDifference(to other: Fingerprint) -> Difference? {
    let mine = fields.map { Difference(name: $0.name, own: $0.value, other: other[$0.name]) }
    let theirs = other.fields.map {
      Difference(name: $0.name, own: self[$0.name], other: $0.value)
    }
    return (mine + theirs).first { $0.own != $0.other }
  }

  /// The fingerprint as the attribute of an array.
  var json: JSONValue {
    .object(fields.map { JSONValue.Member(name: $0.name, value: .string($0.value)) })
  }

  /// Reads the attribute; nil where it is no object of strings.
  init?(json: JSONValue) {
    guard case .object(let members) = json else { return nil }
    for member in members {
      guard let text = member.value.text else { return nil }
      self[member.name] = text
    }
  }
}
