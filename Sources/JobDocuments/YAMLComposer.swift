/// Builds a tree from the events of a YAML text, within the limits of `YAMLDocument`. Refuses YAML
/// features that a job does not need.
///
/// An alias shares its value, so that memory grows with the length of the text and not with the
/// size of the expanded tree.
struct YAMLComposer {
  /// A value, the number of values in it when every alias is written out, and its number of levels.
  private struct Composed {
    let node: DocumentNode
    let count: Int
    let levels: Int
  }

  private let events: YAMLEvents
  private let whole: JobError.Place
  private let place: (Int) -> JobError.Place
  private var anchors: [String: Composed] = [:]

  /// - Parameter place: returns the place of a line, for errors.
  init(_ text: String, _ whole: JobError.Place, at place: @escaping (Int) -> JobError.Place) {
    events = YAMLEvents(text)
    self.whole = whole
    self.place = place
  }

  /// The single document of the text; nil if the text has no document. Errors: syntax,
  /// duplicateKey, wrongType of a key.
  mutating func document() throws(JobError) -> DocumentNode? {
    guard case .documentStart = try next().kind else { return nil }
    let root = try value(try next(), path: "", nesting: 0)
    _ = try next()
    let event = try next()
    guard case .streamEnd = event.kind else {
      throw JobError(
        .syntax, at: place(event.line),
        "a second document begins here; write one document a file")
    }
    return root.node
  }

  private func next() throws(JobError) -> YAMLEvents.Event {
    let failure: YAMLEvents.Failure
    do throws(YAMLEvents.Failure) {
      return try events.next()
    } catch {
      failure = error
    }
    guard let line = failure.line else {
      throw JobError(
        .syntax, at: whole, "this is not YAML: \(failure.problem); check that it is text")
    }
    if failure.problem.firstRange(of: "nesting level") != nil { throw tooLarge(place(line), "") }
    throw JobError(
      .syntax, at: place(line),
      "this is not YAML: \(failure.problem); check the indentation (no tabs), colons and brackets")
  }

  private mutating func value(
    _ event: YAMLEvents.Event, path: String, nesting: Int
  ) throws(JobError) -> Composed {
    let here = place(event.line)
    guard nesting <= YAMLDocument.nestingLimit else { throw tooLarge(here, path) }
    try refuseTag(of: event, path.isEmpty ? "the file" : path, path)
    let composed: Composed
    switch event.kind {
    case .alias(let name):
      guard let known = anchors[name] else {
        throw JobError(
          .syntax, at: here, path: path,
          "the alias '*\(name)' of \(path.isEmpty ? "the file" : path) names no anchor before it; write it out"
        )
      }
      guard nesting + known.levels <= YAMLDocument.nestingLimit else { throw tooLarge(here, path) }
      return known
    case .scalar(let scalar):
      let isNothing = !scalar.isQuoted && Scalar.isNothing(scalar.text)
      let content: DocumentNode.Content = isNothing ? .nothing : .scalar(scalar)
      composed = Composed(node: DocumentNode(content: content, place: here), count: 1, levels: 0)
    case .listStart: composed = try list(here, path, nesting)
    case .mappingStart: composed = try mapping(here, path, nesting)
    case .documentStart, .documentEnd, .end, .streamEnd:
      throw JobError(.syntax, at: here, path: path, "this is not YAML: a value is missing")
    }
    if let anchor = event.anchor { anchors[anchor] = composed }
    return composed
  }

  private mutating func list(
    _ here: JobError.Place, _ path: String, _ nesting: Int
  ) throws(JobError) -> Composed {
    var nodes: [DocumentNode] = []
    var (count, levels) = (1, 0)
    while true {
      let event = try next()
      if case .end = event.kind { break }
      let element = try value(
        event, path: path.appending(key: "\(nodes.count)"), nesting: nesting + 1)
      nodes.append(element.node)
      levels = max(levels, element.levels + 1)
      try add(element.count, to: &count, here, path)
    }
    return Composed(
      node: DocumentNode(content: .list(nodes), place: here), count: count, levels: levels)
  }

  private mutating func mapping(
    _ here: JobError.Place, _ path: String, _ nesting: Int
  ) throws(JobError) -> Composed {
    var entries: [DocumentNode.Entry] = []
    var places: [String: JobError.Place] = [:]
    var (count, levels) = (1, 0)
    while true {
      let event = try next()
      if case .end = event.kind { break }
      let name = try key(event, path, nesting)
      let full = path.appending(key: name)
      if let first = places[name] {
        throw JobError(
          .duplicateKey, at: first, path: full,
          "'\(full)' is given more than once, first here; keep one")
      }
      places[name] = place(event.line)
      let value = try value(try next(), path: full, nesting: nesting + 1)
      entries.append(
        DocumentNode.Entry(key: name, place: place(event.line), value: value.node))
      levels = max(levels, value.levels + 1)
      try add(value.count, to: &count, here, path)
    }
    return Composed(
      node: DocumentNode(content: .mapping(entries), place: here), count: count, levels: levels)
  }

  private mutating func key(
    _ event: YAMLEvents.Event, _ path: String, _ nesting: Int
  ) throws(JobError) -> String {
    try refuseTag(of: event, "a key of \(path.isEmpty ? "the file" : path)", path)
    switch event.kind {
    case .scalar(let scalar):
      if let anchor = event.anchor {
        let node = DocumentNode(content: .scalar(scalar), place: place(event.line))
        anchors[anchor] = Composed(node: node, count: 1, levels: 0)
      }
      return scalar.text
    case .alias(let name):
      if case .scalar(let scalar)? = anchors[name]?.node.content { return scalar.text }
    default: break
    }
    throw JobError(
      .wrongType, at: place(event.line), path: path, "a key must be a word, not a structure")
  }

  private func refuseTag(
    of event: YAMLEvents.Event, _ what: String, _ path: String
  ) throws(JobError) {
    guard let tag = event.tag else { return }
    throw JobError(
      .syntax, at: place(event.line), path: path,
      "\(what) has the tag '\(tag)', which means nothing in a job; remove it")
  }

  private func add(
    _ more: Int, to count: inout Int, _ here: JobError.Place, _ path: String
  ) throws(JobError) {
    count += more
    guard count <= YAMLDocument.nodeLimit else { throw tooLarge(here, path) }
  }

  private func tooLarge(_ here: JobError.Place, _ path: String) -> JobError {
    JobError(
      .syntax, at: here, path: path,
      "the file exceeds \(YAMLDocument.nestingLimit) levels or \(YAMLDocument.nodeLimit) values; "
        + "write less")
  }
}
