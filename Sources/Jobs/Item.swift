/// A value in a job and the path of keys that leads to it.
struct Item {
  let path: String
  let node: DocumentNode

  /// An error about this value.
  func error(_ mistake: JobError.Mistake, _ sentence: String) -> JobError {
    JobError(mistake, at: node.place, path: path, sentence)
  }

  /// The error that the value is not what the key takes.
  func wrongType(expected: String) -> JobError {
    error(.wrongType, "\(name) is \(node.words); it must be \(expected)")
  }

  /// The error that the value is outside its range.
  func outOfRange(allowed: String) -> JobError {
    error(.outOfRange, "\(name) is \(node.words); it must be \(allowed)")
  }

  /// What errors call the value.
  var name: String { path.isEmpty ? "the file" : path }

  var scalar: Scalar.Value? {
    guard case .scalar(let scalar) = node.content else { return nil }
    return scalar.value
  }

  /// The value as a mapping; a key that is not among `known` is an error.
  func section(_ known: [String]) throws(JobError) -> Section {
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
    return Section(path: path, place: node.place, entries: entries)
  }

  /// A whole number of at least `minimum`.
  func count(atLeast minimum: Int, atMost maximum: Int = .max) throws(JobError) -> Int {
    let allowed =
      maximum == .max
      ? "a whole number, \(minimum) or more" : "a whole number from \(minimum) to \(maximum)"
    guard case .number(let number) = scalar else { throw wrongType(expected: allowed) }
    // Beyond 2^53 a Double does not tell neighbours apart.
    guard let count = Int(exactly: number), abs(number) <= 0x1p53, count >= minimum,
      count <= maximum
    else { throw outOfRange(allowed: allowed) }
    return count
  }

  /// A seed: a whole number that fits 64 bits, read exactly.
  func seed() throws(JobError) -> UInt64 {
    let allowed = "a whole number from 0 to \(UInt64.max)"
    guard case .scalar(let text) = node.content, case .number(let number) = text.value else {
      throw wrongType(expected: allowed)
    }
    if let seed = UInt64(text.text) { return seed }
    guard let seed = UInt64(exactly: number), number <= 0x1p53 else {
      throw outOfRange(allowed: allowed)
    }
    return seed
  }

  /// A finite number of at least `minimum`.
  func number(atLeast minimum: Double? = nil) throws(JobError) -> Double {
    let allowed = "a finite number" + (minimum.map { ", \(numberText($0)) or more" } ?? "")
    guard case .number(let number) = scalar else { throw wrongType(expected: allowed) }
    guard number.isFinite, number >= minimum ?? number else { throw outOfRange(allowed: allowed) }
    return number
  }

  /// true or false.
  func flag() throws(JobError) -> Bool {
    guard case .flag(let flag) = scalar else { throw wrongType(expected: "true or false") }
    return flag
  }

  /// A text that is not empty, such as a path; a number is taken as it was written.
  func text() throws(JobError) -> String {
    guard case .scalar(let scalar) = node.content, scalar.isQuoted || scalar.value != .flag(true),
      scalar.isQuoted || scalar.value != .flag(false)
    else { throw wrongType(expected: "a path") }
    guard !scalar.text.isEmpty, !scalar.text.utf8.contains(0) else {
      throw outOfRange(allowed: "a path that is not empty")
    }
    return scalar.text
  }

  /// One of the words of an enumeration.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _: Choice.Type
  ) throws(JobError) -> Choice where Choice.RawValue == String {
    let known = Choice.allCases.map(\.rawValue)
    guard case .word(let word) = scalar else {
      throw wrongType(expected: enumeration(known, "or"))
    }
    guard let choice = Choice(rawValue: word) else { throw unknownWord(word, known) }
    return choice
  }

  /// The error that a word is not among the known ones.
  func unknownWord(_ word: String, _ known: [String]) -> JobError {
    error(
      .outOfRange,
      "\(name) is '\(word)'\(suggestion(for: word, among: known)); "
        + "it must be \(enumeration(known, "or"))")
  }

  /// The elements of a list, each with its index as the last part of its path.
  func elements(of expected: String) throws(JobError) -> [Item] {
    guard case .list(let nodes) = node.content else { throw wrongType(expected: expected) }
    return nodes.enumerated().map { index, node in
      Item(path: path.appending(key: "\(index)"), node: node)
    }
  }
}

/// A mapping in a job whose keys are all known.
struct Section {
  let path: String
  let place: JobError.Place
  let entries: [DocumentNode.Entry]

  /// The value of `key`, nil where it is absent.
  subscript(key: String) -> Item? {
    entries.first { $0.key == key }
      .map { Item(path: path.appending(key: key), node: $0.value) }
  }

  /// The value of `key`; without it the error ends with `advice`.
  func required(_ key: String, _ advice: String) throws(JobError) -> Item {
    if let item = self[key] { return item }
    let full = path.appending(key: key)
    throw JobError(.missingKey, at: place, path: full, "\(full) is missing; \(advice)")
  }
}

extension String {
  /// The path one level down.
  func appending(key: String) -> String { isEmpty ? key : "\(self).\(key)" }
}
