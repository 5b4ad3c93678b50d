import Failures

/// A job file that cannot be read, told as one sentence.
public struct JobError: Failure, Equatable, Sendable {
  /// What can be wrong with a job file.
  public enum Mistake: Equatable, Sendable {
    /// The file does not exist.
    case missingFile
    /// The file is there but is no text that can be read.
    case unreadable
    /// The text is not YAML.
    case syntax
    /// A key that its mapping does not know.
    case unknownKey
    /// A key without which the job means nothing.
    case missingKey
    /// A key that is given twice.
    case duplicateKey
    /// A value of another type than its key takes.
    case wrongType
    /// A value of the right type outside its range, or a name that is not known.
    case outOfRange
    /// Values that are fine one by one and impossible together.
    case conflict
    /// A `--set` that names no place in the job or has no value.
    case badOverride
  }

  /// Where in what the user wrote.
  public enum Place: Equatable, Sendable {
    /// Somewhere in a file.
    case file(String)
    /// On a line, counted from 1, of a file.
    case line(String, Int)
    /// In an option, as it was given.
    case option(String)
  }

  /// What is wrong.
  public let mistake: Mistake
  /// Where it was made.
  public let place: Place
  /// The key in the job, for example `network.0.dense.weight_variance`; empty for the whole file.
  public let path: String
  /// The object, the value and what to do, without the place.
  public let sentence: String

  package init(_ mistake: Mistake, at place: Place, path: String = "", _ sentence: String) {
    self.mistake = mistake
    self.place = place
    self.path = path
    self.sentence = sentence
  }

  /// What kind of failure it is.
  public var kind: FailureKind { mistake == .missingFile ? .missingInput : .badJob }

  /// The place and the sentence, in one line whatever the user's texts hold.
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
  /// The text, its end replaced by dots where it has more than `limit` characters.
  package func cut(to limit: Int) -> String { count > limit ? prefix(limit - 3) + "..." : self }
}
