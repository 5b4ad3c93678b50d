/// A value in a job and the path of keys that leads to it.
package struct Item {
  package let path: String
  package let node: DocumentNode

  /// Creates the item for the value `node`, which is found at `path`.
  package init(path: String, node: DocumentNode) {
    self.path = path
    self.node = node
  }

  /// An error about this value.
  package func error(_ mistake: JobError.Mistake, _ sentence: String) -> JobError {
    JobError(mistake, at: node.place, path: path, sentence)
  }

  /// The error for a value of a type that the key does not take.
  package func wrongType(expected: String) -> JobError {
    error(.wrongType, "\(name) is \(node.words); it must be \(expected)")
  }

  /// The error for a value outside its range.
  package func outOfRange(allowed: String) -> JobError {
    error(.outOfRange, "\(name) is \(node.words); it must be \(allowed)")
  }

  /// The name of the value in errors.
  package var name: String { path.isEmpty ? "the file" : path }

  /// The value as a scalar; nil if it is not a scalar.
  package var scalar: Scalar.Value? {
    guard case .scalar(let scalar) = node.content else { return nil }
    return scalar.value
  }

  /// This item, checked to be a mapping. A key that is not in `known` is an error.
  package func section(_ known: [String]) throws(JobError) -> Item {
    guard case .mapping(let entries) = node.content else {
      throw wrongType(expected: "a mapping with \(enumeration(known))")
    }
    for entry in entries where !known.contains(entry.key) {
      let full = path.appending(key: entry.key)
      let owner = path.isEmpty ? "a job" : path
      let keys = known.count == 1 ? "the only key of \(owner) is" : "the keys of \(owner) are"
      throw JobError(
        .unknownKey, at: entry.place, path: full,
        "unknown key '\(full)'\(suggestion(for: entry.key, among: known)); "
          + "\(keys) \(enumeration(known))")
    }
    return self
  }

  /// The error for a word that is not in `known`.
  package func unknownWord(_ word: String, _ known: [String]) -> JobError {
    error(
      .outOfRange,
      "\(name) is '\(word)'\(suggestion(for: word, among: known)); "
        + "it must be \(enumeration(known, "or"))")
  }

  /// The value of a key of a mapping, or the element of a list at an index; nil if it does not exist.
  package subscript(key: String) -> Item? {
    switch node.content {
    case .mapping(let entries):
      entries.first { $0.key == key }
        .map { Item(path: path.appending(key: key), node: $0.value) }
    case .list(let nodes):
      Int(key).flatMap { index in
        nodes.indices.contains(index)
          ? Item(path: path.appending(key: key), node: nodes[index]) : nil
      }
    case .nothing, .scalar: nil
    }
  }

  /// The value of a key of a mapping. If the key is missing, the error ends with `advice`.
  package func required(_ key: String, _ advice: String) throws(JobError) -> Item {
    if let item = self[key] { return item }
    let full = path.appending(key: key)
    throw JobError(.missingKey, at: node.place, path: full, "\(full) is missing; \(advice)")
  }

  /// The elements of a list. The path of each ends with its index.
  package func elements(of expected: String) throws(JobError) -> [Item] {
    guard case .list(let nodes) = node.content else { throw wrongType(expected: expected) }
    return nodes.enumerated().map { index, node in
      Item(path: path.appending(key: "\(index)"), node: node)
    }
  }
}

extension String {
  /// The path extended by one key.
  package func appending(key: String) -> String { isEmpty ? key : "\(self).\(key)" }
}
