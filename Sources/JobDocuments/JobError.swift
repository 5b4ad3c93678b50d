import Failures

/// The error for a job file that cannot be read, described in one sentence.
public struct JobError: Failure, Equatable, Sendable {
  /// The kinds of mistakes in a job file.
  public enum Mistake: Equatable, Sendable {
    /// The file does not exist.
    case missingFile
    /// The file exists but cannot be read as text.
    case unreadable
    /// The text is not YAML.
    case syntax
    /// A key that its mapping does not know.
    case unknownKey
    /// A required key is missing.
    case missingKey
    /// A key that is given twice.
    case duplicateKey
    /// A value whose type its key does not take.
    case wrongType
    /// A value of the right type but outside its range, or an unknown name.
    case outOfRange
    /// Values that are valid one by one but impossible together.
    case conflict
    /// A `--set` option that names no place in the job or has no value.
    case badOverride
  }

  /// A place in the user's input.
  public enum Place: Equatable, Sendable {
    /// Somewhere in a file.
    case file(String)
    /// On a line of a file, counted from 1.
    case line(String, Int)
    /// In an option, given as it was written.
    case option(String)
  }

  /// The kind of mistake.
  public let mistake: Mistake
  /// The place of the mistake.
  public let place: Place
  /// The key in the job, for example `network.0.dense.weight_variance`; empty for the whole file.
  public let path: String
  /// The key, its value and what to do, without the place.
  public let sentence: String

  package init(_ mistake: Mistake, at place: Place, path: String = "", _ sentence: String) {
    self.mistake = mistake
    self.place = place
    self.path = path
    self.sentence = sentence
  }

  /// The kind of failure.
  public var kind: FailureKind { mistake == .missingFile ? .missingInput : .badJob }

  /// The place and the sentence, always on one line, whatever the user's texts contain.
  public var description: String {
    let text =
      switch place {
      case .file(let name): "\(name): \(sentence)"
      case .line(let name, let line): "\(name), line \(line): \(sentence)"
      case .option(let option): "--set \(option.cut(to: 120)): \(sentence)"
      }
    return String(text.map { $0.isNewline || $0.isASCII && $0 < " " ? " " : $0 })
  }
}

extension String {
  /// The text; if it has more than `limit` characters, its end is replaced by dots.
  package func cut(to limit: Int) -> String { count > limit ? prefix(limit - 3) + "..." : self }
}
