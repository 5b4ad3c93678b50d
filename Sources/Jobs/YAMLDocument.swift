import Foundation
import Yams

/// A YAML text as a tree whose nodes know their lines. JSON is YAML.
struct YAMLDocument: Sendable {
  /// The file's name in errors.
  let name: String
  var root: DocumentNode

  /// No job is larger; a data file given in its place is.
  static let byteLimit = 16 << 20
  /// Values in a file with every alias written out, which bounds what a small file can unfold to.
  static let nodeLimit = 1_000_000
  static let nestingLimit = 100

  /// Reads the file at `path`, relative to the working directory.
  init(path: String) throws(JobError) {
    let place = JobError.Place.file(path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw JobError(.missingFile, at: place, "the file does not exist; check the path")
    }
    guard !isFolder.boolValue else {
      throw JobError(.unreadable, at: place, "this is a folder; name the job file in it")
    }
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw JobError(.unreadable, at: place, "the file cannot be opened; check its permissions")
    }
    let bytes: Data
    do {
      bytes = try file.read(upToCount: Self.byteLimit + 1) ?? Data()
    } catch {
      throw JobError(.unreadable, at: place, "the file cannot be read to its end; check the disk")
    }
    guard bytes.count <= Self.byteLimit else {
      throw JobError(
        .unreadable, at: place,
        "the file is larger than \(Self.byteLimit >> 20) MiB, so it is no job; check the path")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw JobError(.unreadable, at: place, "the file is not UTF-8 text; check the path")
    }
    try self.init(yaml: text, name: path)
  }

  /// Reads `yaml`; errors call it `name`.
  init(yaml: String, name: String) throws(JobError) {
    self.name = name
    let place = JobError.Place.file(name)
    let node = try Self.compose(yaml, place) { line in .line(name, line) }
    guard let node else {
      throw JobError(
        .syntax, at: place, "the file is empty; write a job with data, network, output")
    }
    root = node
  }

  /// Reads the value of an option; every node of it has the option as its place.
  static func value(_ yaml: String, place: JobError.Place) throws(JobError) -> DocumentNode? {
    try compose(yaml, place) { _ in place }
  }

  private static func compose(
    _ yaml: String, _ whole: JobError.Place, at place: (Int) -> JobError.Place
  ) throws(JobError) -> DocumentNode? {
    var text = yaml
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    let node: Node?
    do {
      node = try Parser(yaml: text, encoding: .utf8).singleRoot()
    } catch let error as YamlError {
      throw syntaxError(error, whole, at: place)
    } catch {
      throw JobError(.syntax, at: whole, "this is not YAML: \(error)")
    }
    guard let node else { return nil }
    var conversion = NodeConversion(whole: whole)
    return try conversion.convert(node, path: "", nesting: 0, at: place)
  }

  private static func syntaxError(
    _ error: YamlError, _ whole: JobError.Place, at place: (Int) -> JobError.Place
  ) -> JobError {
    switch error {
    case .duplicatedKeysInMapping(let names, let context):
      let name = names.first ?? ""
      return JobError(
        .duplicateKey, at: place(context.mark.line), path: name,
        "'\(name)' is given more than once, first here; keep one")
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      let sentence =
        problem.contains("another document")
        ? "a second document begins here; write one document a file"
        : "this is not YAML: \(problem); check the indentation (no tabs), colons and brackets"
      return JobError(.syntax, at: place(mark.line), sentence)
    case .reader(let problem, _, _, _):
      return JobError(.syntax, at: whole, "this is not YAML: \(problem); check that it is text")
    default:
      return JobError(.syntax, at: whole, "this is not YAML; check that it is a job file")
    }
  }
}

/// Turns the nodes of Yams into ours and refuses what a job has no use for.
private struct NodeConversion {
  let whole: JobError.Place
  var count = 0

  mutating func convert(
    _ node: Node, path: String, nesting: Int, at place: (Int) -> JobError.Place
  ) throws(JobError) -> DocumentNode {
    let here = node.mark.map { place($0.line) } ?? whole
    count += 1
    guard nesting <= YAMLDocument.nestingLimit, count <= YAMLDocument.nodeLimit else {
      let limits = "\(YAMLDocument.nestingLimit) levels and \(YAMLDocument.nodeLimit) values"
      throw JobError(.syntax, at: here, path: path, "the file exceeds \(limits); write less")
    }
    let content: DocumentNode.Content
    switch node {
    case .scalar(let scalar):
      // Quotes make a text, and so does the tag that Yams gives to what is in quotes.
      let isQuoted = scalar.tag.description == Tag.Name.str.rawValue
      if !isQuoted { try refuse(scalar.tag, path, here) }
      content =
        !isQuoted && Scalar.isNothing(scalar.string)
        ? .nothing : .scalar(Scalar(text: scalar.string, isQuoted: isQuoted))
    case .sequence(let sequence):
      try refuse(sequence.tag, path, here)
      var nodes: [DocumentNode] = []
      for (index, element) in sequence.enumerated() {
        nodes.append(
          try convert(
            element, path: path.appending(key: "\(index)"), nesting: nesting + 1, at: place))
      }
      content = .list(nodes)
    case .mapping(let mapping):
      try refuse(mapping.tag, path, here)
      content = .mapping(try entries(mapping, path: path, nesting: nesting, at: place))
    case .alias:
      throw JobError(.syntax, at: here, path: path, "an alias stands for nothing; write it out")
    }
    return DocumentNode(content: content, place: here)
  }

  private mutating func entries(
    _ mapping: Node.Mapping, path: String, nesting: Int, at place: (Int) -> JobError.Place
  ) throws(JobError) -> [DocumentNode.Entry] {
    var entries: [DocumentNode.Entry] = []
    var keys: Set<String> = []
    for (key, value) in mapping {
      let here = key.mark.map { place($0.line) } ?? whole
      guard let name = key.scalar?.string else {
        throw JobError(.wrongType, at: here, path: path, "a key must be a word, not a structure")
      }
      guard keys.insert(name).inserted else {
        let repeated = path.appending(key: name)
        throw JobError(
          .duplicateKey, at: here, path: repeated, "'\(repeated)' is given twice; keep one")
      }
      let converted = try convert(
        value, path: path.appending(key: name), nesting: nesting + 1, at: place)
      entries.append(DocumentNode.Entry(key: name, place: here, value: converted))
    }
    return entries
  }

  /// A tag could say what else a value is; nothing in a job needs one.
  private func refuse(
    _ tag: Tag, _ path: String, _ place: JobError.Place
  ) throws(JobError) {
    guard !tag.description.isEmpty else { return }
    throw JobError(
      .syntax, at: place, path: path,
      "\(path) has the tag '\(tag)', which means nothing in a job; remove it")
  }
}
