// Uses libyaml, which the package Yams builds and parses with. The tree of Yams itself is not used:
// to find duplicate keys it hashes keys with every alias written out, which practically never ends
// for some files of 600 bytes.
import CYaml

/// The events of a YAML text, one after the other.
final class YAMLEvents {
  /// An event in a text: the beginning or the end of a part, or a value. `line` counts from 1.
  struct Event {
    enum Kind {
      case documentStart
      case documentEnd
      case alias(String)
      case scalar(Scalar)
      case listStart
      case mappingStart
      /// The end of a list or a mapping.
      case end
      case streamEnd
    }

    let kind: Kind
    let line: Int
    /// The name by which aliases refer to the value.
    var anchor: String?
    /// An explicit tag.
    var tag: String?
  }

  /// A text that is not YAML.
  struct Failure: Error {
    let problem: String
    /// The line of the problem; nil if the text cannot be decoded.
    let line: Int?
  }

  /// The parser is on the heap because libyaml keeps pointers to the parser and to its input.
  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let input: UnsafeMutableBufferPointer<UInt8>

  init(_ text: String) {
    input = .allocate(capacity: text.utf8.count)
    _ = input.initialize(from: text.utf8)
    parser.initialize(to: yaml_parser_t())
    yaml_parser_initialize(parser)
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, input.baseAddress, input.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    input.deallocate()
  }

  /// The next event; the start of the stream is skipped.
  func next() throws(Failure) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw failure }
    defer { yaml_event_delete(&event) }
    let line = Int(event.start_mark.line) + 1
    switch event.type {
    case YAML_STREAM_START_EVENT: return try next()
    case YAML_STREAM_END_EVENT: return Event(kind: .streamEnd, line: line)
    case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, line: line)
    case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, line: line)
    case YAML_ALIAS_EVENT:
      return Event(kind: .alias(string(event.data.alias.anchor) ?? ""), line: line)
    case YAML_SCALAR_EVENT: return scalar(event, line)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return Event(
        kind: .listStart, line: line, anchor: string(start.anchor), tag: string(start.tag))
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return Event(
        kind: .mappingStart, line: line, anchor: string(start.anchor), tag: string(start.tag))
    default: return Event(kind: .end, line: line)
    }
  }

  private func scalar(_ event: yaml_event_t, _ line: Int) -> Event {
    let scalar = event.data.scalar
    let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    let tag = string(scalar.tag)
    // Quotes make a scalar a text, and so does the tag for texts.
    let isText = scalar.quoted_implicit == 1 || tag == "tag:yaml.org,2002:str"
    return Event(
      kind: .scalar(Scalar(text: String(decoding: bytes, as: UTF8.self), isQuoted: isText)),
      line: line, anchor: string(scalar.anchor), tag: isText ? nil : tag)
  }

  private var failure: Failure {
    let problem = parser.pointee.problem.map { String(cString: $0) } ?? "it cannot be parsed"
    return Failure(
      problem: problem,
      line: parser.pointee.error == YAML_READER_ERROR
        ? nil : Int(parser.pointee.problem_mark.line) + 1)
  }

  private func string(_ bytes: UnsafeMutablePointer<UInt8>?) -> String? {
    bytes.map { String(cString: $0) }
  }
}
