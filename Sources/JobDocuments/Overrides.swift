/// A `KEY=VALUE` of a `--set` option, split into its parts.
package struct Override {
  let keys: [String]
  /// The new value of the key; an empty value removes the key.
  let value: DocumentNode
  let place: JobError.Place

  package init(_ text: String) throws(JobError) {
    place = .option(text)
    guard let equals = text.firstIndex(of: "=") else {
      throw JobError(
        .badOverride, at: place, "there is no '=' in it; write KEY=VALUE, say data.train=1000")
    }
    keys = text[..<equals].split(separator: ".", omittingEmptySubsequences: false)
      .map(String.init)
    guard !keys.contains("") else {
      throw JobError(
        .badOverride, at: place, "a part of the key is empty; write KEY=VALUE, say data.train=1000")
    }
    guard keys.count <= YAMLDocument.nestingLimit else {
      throw JobError(
        .badOverride, at: place,
        "the key has \(keys.count) parts and no key of a job has more than "
          + "\(YAMLDocument.nestingLimit); check the dots")
    }
    let written = String(text[text.index(after: equals)...])
    guard let value = try YAMLDocument.value(written, place: place) else {
      throw JobError(
        .badOverride, at: place,
        "there is no value after '='; write one, or null to take the key out of the job")
    }
    self.value = value
  }

  /// Sets the value in a job's tree.
  package func apply(to root: inout DocumentNode) throws(JobError) {
    try apply(to: &root, depth: 0)
  }

  private func apply(to node: inout DocumentNode, depth: Int) throws(JobError) {
    guard depth < keys.count else {
      node = value
      return
    }
    let key = keys[depth]
    switch node.content {
    case .list(var nodes):
      guard let index = Int(key), nodes.indices.contains(index) else {
        let range = nodes.isEmpty ? "it is empty" : "its items are 0 to \(nodes.count - 1)"
        throw error(depth, "is a list and '\(key)' is none of its items (\(range)); name one")
      }
      try apply(to: &nodes[index], depth: depth + 1)
      node.content = .list(nodes)
    case .mapping(let entries):
      node.content = .mapping(try setting(key, in: entries, depth: depth))
    case .nothing:
      node.content = .mapping(try setting(key, in: [], depth: depth))
    case .scalar(let scalar):
      // A layer without parameters is a word. `network.1.erf.scale=2` gives it a parameter.
      guard scalar.text == key, depth + 1 < keys.count else {
        throw error(depth, "is \(node.words), which holds no '\(key)'; set that key as a whole")
      }
      node.content = .mapping(try setting(key, in: [], depth: depth))
    }
  }

  /// The entries of a mapping after `key` is set or removed.
  private func setting(
    _ key: String, in entries: [DocumentNode.Entry], depth: Int
  ) throws(JobError) -> [DocumentNode.Entry] {
    var entries = entries
    let index = entries.firstIndex { $0.key == key }
    if depth == keys.count - 1, case .nothing = value.content {
      guard let index else {
        throw error(depth + 1, "is not in the job, so null cannot take it out; check the key")
      }
      entries.remove(at: index)
    } else if let index {
      try apply(to: &entries[index].value, depth: depth + 1)
    } else {
      var child = DocumentNode(content: .nothing, place: place)
      try apply(to: &child, depth: depth + 1)
      entries.append(DocumentNode.Entry(key: key, place: place, value: child))
    }
    return entries
  }

  /// An error about the value at the path of the first `depth` keys.
  private func error(_ depth: Int, _ clause: String) -> JobError {
    let path = keys.prefix(depth).joined(separator: ".")
    return JobError(
      .badOverride, at: place, path: path, "\(path.isEmpty ? "the file" : path) \(clause)")
  }
}
