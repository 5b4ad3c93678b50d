/// Everything that the values of an array depend on, field by field, as canonical text.
///
/// Two arrays with equal fingerprints hold the same values bit by bit. The order of the fields
/// decides which difference is named first. Fingerprints that differ only in order are equal.
public struct Fingerprint: Equatable, Sendable {
  /// One field: a name as in the job file (`network.depth`) and its value as canonical text.
  public struct Field: Equatable, Sendable {
    /// The name.
    public let name: String
    /// The value.
    public let value: String
  }

  /// A field in which two fingerprints differ; a value is nil if the field is absent.
  public struct Difference: Equatable, Sendable {
    /// The name of the field.
    public let name: String
    /// The value in the fingerprint on which `firstDifference` was called.
    public let own: String?
    /// The value in the other fingerprint.
    public let other: String?
  }

  /// The fields in the order in which they are compared.
  public private(set) var fields: [Field] = []

  /// A fingerprint of the given fields, in this order.
  public init(_ fields: KeyValuePairs<String, String> = [:]) {
    for (name, value) in fields { self[name] = value }
  }

  /// A fingerprint of the given fields, sorted by name.
  init(_ fields: [String: String]) {
    self.fields = fields.sorted { $0.key < $1.key }.map { Field(name: $0.key, value: $0.value) }
  }

  /// Whether both have the same fields.
  public static func == (a: Fingerprint, b: Fingerprint) -> Bool {
    a.firstDifference(to: b) == nil
  }

  /// The value of a field. Setting a new field appends it, and setting nil removes the field.
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

  /// The first field that differs, in the order of this fingerprint and then in the order of fields
  /// that only `other` has; nil if there is none.
  public func firstDifference(to other: Fingerprint) -> Difference? {
    let mine = fields.map { Difference(name: $0.name, own: $0.value, other: other[$0.name]) }
    let theirs = other.fields.map {
      Difference(name: $0.name, own: self[$0.name], other: $0.value)
    }
    return (mine + theirs).first { $0.own != $0.other }
  }
}
