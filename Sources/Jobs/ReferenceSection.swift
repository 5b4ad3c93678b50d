import JobDocuments

/// A section of the reference: the purpose of a mapping in a job, and its keys.
struct ReferenceSection: Sendable {
  /// The path of the section in a job, for example `data.synthetic`; empty for the whole job.
  let name: String
  /// Paragraphs and examples in Markdown, one line per element.
  let text: [String]
  /// The entries of the keys in Markdown, one key per element.
  let entries: [String]

  /// - Parameters:
  ///   - start: the section without any key; it provides the defaults.
  init<Owner>(_ name: String, _ text: [String], _ keys: SectionKeys<Owner>, start: Owner) {
    self.name = name
    self.text = text
    entries = keys.list.map { Self.entry($0, start: start, remark: "") }
  }

  init(_ name: String, _ text: [String], entries: [String]) {
    (self.name, self.text, self.entries) = (name, text, entries)
  }

  /// A key with its type, its default and its meaning.
  static func entry<Owner>(_ key: Key<Owner>, start: Owner, remark: String) -> String {
    let names = ([key.name] + (key.plural.map { [$0] } ?? [])).map { "`\($0)`" }
    let fallback =
      switch key.fallback {
      case .required: "required"
      case .words(let words): "default: \(words)"
      case .start: "default `\(key.entry(start)?.value.flow ?? "")`"
      }
    let head = "- \(names.joined(separator: " or ")) (\(key.type); \(fallback)): "
    return wrapped(head + key.meaning + remark, indent: "  ")
  }

  /// The section in Markdown, under a heading.
  var markdown: String {
    let heading = name.isEmpty ? "# Job keys" : "## \(name)"
    let blocks =
      [heading] + (text.isEmpty ? [] : [text.joined(separator: "\n")])
      + (entries.isEmpty ? [] : [entries.joined(separator: "\n")])
    return blocks.joined(separator: "\n\n") + "\n"
  }

  /// The text in lines of at most 100 columns; all lines but the first are indented.
  static func wrapped(_ text: String, indent: String) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if line.count + 1 + word.count > 100 {
        lines.append(line)
        line = indent + word
      } else {
        line += (line.isEmpty ? "" : " ") + word
      }
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
