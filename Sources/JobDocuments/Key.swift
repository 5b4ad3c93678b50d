/// A key of a section of a job. Each key is declared once; the reader, the writer, the errors and
/// the reference (`ntk-dist help job`) all use this declaration.
package struct Key<Owner: Sendable>: Sendable {
  /// The meaning of an absent key.
  package enum Fallback: Sendable {
    /// An absent key is an error, which ends with this advice.
    case required(String)
    /// An absent key has the value that the section starts with.
    case start
    /// An absent key has a meaning that depends on other keys, described in words.
    case words(String)
  }

  package let name: String
  /// A second name, for a list of several values.
  package let plural: String?
  /// A description of its values, as in errors, and their unit.
  package let type: String
  package let fallback: Fallback
  /// The meaning of the key, beginning with a capital letter.
  package let meaning: String
  /// Reads the key into a section. Does nothing if the section's reader reads the key itself.
  package let read: @Sendable (Item, inout Owner) throws(JobError) -> Void
  /// The key as it is written; nil if it is left out.
  package let entry: @Sendable (Owner) -> (key: String, value: YAMLText)?
}

extension Key {
  /// A key for a property.
  package init<Value>(
    _ name: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ form: Form<Value>,
    unit: String? = nil, absent fallback: Fallback = .start, _ meaning: String
  ) {
    self.init(
      name: name, plural: nil, type: Self.type(form.type, unit), fallback: fallback,
      meaning: meaning
    ) { (section, owner) throws(JobError) in
      guard let item = try section.item(name, fallback) else { return }
      owner[keyPath: path] = try item.value(form)
    } entry: {
      (name, form.text($0[keyPath: path]))
    }
  }

  /// A key for a property that may be nil. A nil value is not written.
  package init<Value>(
    _ name: String, optional path: WritableKeyPath<Owner, Value?> & Sendable, _ form: Form<Value>,
    unit: String? = nil, absent fallback: Fallback, _ meaning: String
  ) {
    self.init(
      name: name, plural: nil, type: Self.type(form.type, unit), fallback: fallback,
      meaning: meaning
    ) { (section, owner) throws(JobError) in
      guard let item = try section.item(name, fallback) else { return }
      owner[keyPath: path] = try item.value(form)
    } entry: {
      $0[keyPath: path].map { (name, form.text($0)) }
    }
  }

  /// A key for one value or several. Several values are given as a list, under either name.
  package init<Value: Comparable>(
    _ name: String, _ plural: String,
    varying path: WritableKeyPath<Owner, Varying<Value>> & Sendable,
    _ form: Form<Value>, example: String, absent fallback: Fallback = .start, _ meaning: String
  ) {
    let several = Form<[Value]>.ascending(form, "numbers", example: example)
    self.init(
      name: name, plural: plural, type: "\(form.type), or \(several.type)", fallback: fallback,
      meaning: meaning
    ) { (section, owner) throws(JobError) in
      let list = section[plural]
      if let list, let single = section[name] {
        throw list.error(.conflict, "\(single.path) and \(list.path) are both given; keep one")
      }
      if let list {
        owner[keyPath: path] = .several(try list.value(several))
      } else if let item = try section.item(name, fallback) {
        let isList = if case .list = item.node.content { true } else { false }
        owner[keyPath: path] =
          isList ? .several(try item.value(several)) : .one(try item.value(form))
      }
    } entry: {
      switch $0[keyPath: path] {
      case .one(let value): (name, form.text(value))
      case .several(let values): (plural, several.text(values))
      }
    }
  }

  /// A key that the section's own reader reads.
  package init(
    _ name: String, type: String, absent fallback: Fallback, _ meaning: String,
    text: @escaping @Sendable (Owner) -> YAMLText?
  ) {
    self.init(
      name: name, plural: nil, type: type, fallback: fallback, meaning: meaning
    ) { (_, _) throws(JobError) in
    } entry: { owner in
      text(owner).map { (name, $0) }
    }
  }

  /// This key, but written only into sections that satisfy `condition`.
  package func written(where condition: @escaping @Sendable (Owner) -> Bool) -> Key {
    Key(
      name: name, plural: plural, type: type, fallback: fallback, meaning: meaning, read: read
    ) { condition($0) ? entry($0) : nil }
  }

  private static func type(_ words: String, _ unit: String?) -> String {
    words + (unit.map { ", in \($0)" } ?? "")
  }
}

extension Item {
  /// The value of a key; nil if it is absent. Errors: missingKey if the key is required.
  fileprivate func item<Owner>(
    _ name: String, _ fallback: Key<Owner>.Fallback
  ) throws(JobError) -> Item? {
    if case .required(let advice) = fallback { return try required(name, advice) }
    return self[name]
  }
}

/// All keys of a section.
package struct SectionKeys<Owner: Sendable>: Sendable {
  package let list: [Key<Owner>]

  package init(_ list: [Key<Owner>]) { self.list = list }

  /// All names, as errors list them.
  package var names: [String] { list.flatMap { [$0.name] + ($0.plural.map { [$0] } ?? []) } }

  /// The description of a value with these keys.
  package var words: String { "a mapping with \(enumeration(names))" }

  /// The mapping, checked to have only known keys. Errors: wrongType, unknownKey.
  package func open(_ item: Item) throws(JobError) -> Item { try item.section(names) }

  /// Reads the keys that are given into `owner`. Errors: missingKey, and those of the keys' forms.
  package func read(_ section: Item, into owner: inout Owner) throws(JobError) {
    for key in list { try key.read(section, &owner) }
  }

  /// The section as it is written.
  package func text(_ owner: Owner) -> YAMLText { text(owner, without: []) }

  /// The section as it is written, without some of its keys.
  package func text(_ owner: Owner, without left: [String]) -> YAMLText {
    .mapping(list.filter { !left.contains($0.name) }.compactMap { $0.entry(owner) })
  }

  /// A form that reads the section, starting from `start`.
  package func form(from start: Owner) -> Form<Owner> {
    Form(words: words, type: "a mapping") { (item) throws(JobError) in
      var owner = start
      try read(try open(item), into: &owner)
      return owner
    } text: {
      text($0)
    }
  }
}
