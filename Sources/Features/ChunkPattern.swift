import DurableFiles
import Failures

/// The files of a path pattern with one `*` in its last component, in order.
package struct ChunkPattern: Equatable, Sendable {
  /// The pattern as the job gives it.
  package let text: String
  private let folder: String
  /// The prefix and the suffix of the file names; nil for a path without `*`.
  private let ends: (prefix: String, suffix: String)?

  /// - Parameter key: the key of the pattern in the job, for messages.
  ///
  /// Errors: a `*` in a folder's name, or two of them.
  package init(_ text: String, key: String) throws(Refusal) {
    self.text = text
    let slash = text.lastIndex(of: "/")
    let folder = slash.map { String(text[..<$0]) } ?? "."
    let name = slash.map { String(text[text.index(after: $0)...]) } ?? text
    let parts = name.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, !folder.contains("*") else {
      throw Refusal(
        .badJob,
        "\(key) is '\(text)'; it can have one *, in the file's name, for example jac/train-*.npy")
    }
    self.folder = folder.isEmpty ? "/" : folder
    ends = parts.count == 2 ? (parts[0], parts[1]) : nil
  }

  package static func == (a: ChunkPattern, b: ChunkPattern) -> Bool { a.text == b.text }

  /// Whether the path stands for several files.
  package var isPattern: Bool { ends != nil }

  /// The path of chunk `number`, with zeros in front up to the width of `sample`.
  package func path(_ number: Int, like sample: String? = nil) -> String {
    guard let ends else { return text }
    let digits = "\(number)"
    let width = sample?.utf8.count ?? 0
    let zeros = String(repeating: "0", count: max(width - digits.utf8.count, 0))
    return "\(folder)/\(ends.prefix)\(zeros)\(digits)\(ends.suffix)"
  }

  /// The part of a file's name that `*` stands for; nil if the name does not match.
  package func middle(of name: String) -> String? {
    guard let ends, name.hasPrefix(ends.prefix), name.hasSuffix(ends.suffix),
      name.utf8.count > ends.prefix.utf8.count + ends.suffix.utf8.count
    else { return nil }
    return String(name.dropFirst(ends.prefix.count).dropLast(ends.suffix.count))
  }

  /// The file with this number, however many zeros are in front of the number; nil if there is none.
  ///
  /// Local. Errors: two files with this number; `FileError`.
  package func file(_ number: Int, disk: Disk = Disk()) throws -> String? {
    guard ends != nil, try disk.exists(folder) else { return nil }
    let found = try disk.list(folder).compactMap(middle).filter { Self.number($0) == number }
    guard found.count < 2 else { throw twice(found[0], found[1]) }
    return found.first.map(path(ofMiddle:))
  }

  /// A path next to the files, with `word` in place of their numbers and another ending.
  package func beside(_ word: String, ending: String) -> String {
    "\(folder)/\(ends?.prefix ?? "")\(word)\(ending)"
  }

  /// The seconds since anything in the folder except `own` was last written; nil if there is nothing else.
  ///
  /// Local. Errors: `FileError`.
  package func secondsOfSilence(but own: String, disk: Disk = Disk()) throws -> Double? {
    guard try disk.exists(folder) else { return nil }
    let ages = try disk.list(folder).map { "\(folder)/\($0)" }.filter { $0 != own }
      .map { try disk.secondsSinceWritten($0) }
    return ages.filter(\.isFinite).min().map { max($0, 0) }
  }

  private func twice(_ first: String, _ second: String) -> Refusal {
    Refusal(
      .badData,
      "\(path(ofMiddle: first)) and \(path(ofMiddle: second)) have the same number; remove one")
  }

  /// The existing files: sorted by number if `*` stands for numbers, otherwise by name.
  ///
  /// Local. Errors: no file; a missing number between others; a number that occurs twice, such as 7 and 07.
  package func files(disk: Disk = Disk()) throws -> [String] {
    guard ends != nil else { return [text] }
    guard try disk.exists(folder) else {
      throw Refusal(
        .missingInput, "\(text) names no file: the folder \(folder) does not exist; check the path")
    }
    let middles = try disk.list(folder).compactMap(middle)
    guard !middles.isEmpty else {
      throw Refusal(.missingInput, "\(text) names no file in \(folder); check the path")
    }
    let numbers = middles.compactMap(Self.number)
    if numbers.isEmpty { return middles.sorted().map(path(ofMiddle:)) }
    if let word = middles.sorted().first(where: { Self.number($0) == nil }) {
      throw Refusal(
        .badData,
        "\(path(ofMiddle: word)) has no number, which other files of \(text) have; move it away")
    }
    let order = middles.indices.sorted { numbers[$0] < numbers[$1] }
    for (a, b) in zip(order, order.dropFirst()) {
      guard numbers[b] != numbers[a] else {
        throw twice(middles[a], middles[b])
      }
      guard numbers[b] == numbers[a] + 1 else {
        throw Refusal(
          .badData,
          "\(path(numbers[a] + 1, like: middles[a])) is missing, though there are chunks before and "
            + "behind it; add it, or number the others without a gap")
      }
    }
    guard let first = order.first, numbers[first] <= 1 else {
      throw Refusal(
        .badData,
        "the first chunk of \(text) is \(path(ofMiddle: middles[order[0]])); number them from 0 or 1"
      )
    }
    return order.map { path(ofMiddle: middles[$0]) }
  }

  /// The numbers of the existing files. Local. Errors: `FileError`.
  package func numbers(disk: Disk = Disk()) throws -> Set<Int> {
    guard ends != nil, try disk.exists(folder) else { return [] }
    return Set(try disk.list(folder).compactMap(middle).compactMap(Self.number))
  }

  /// The number in the path of a file; nil if the name does not match the pattern.
  package func number(ofFile path: String) -> Int? {
    let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    return middle(of: name).flatMap(Self.number)
  }

  private func path(ofMiddle middle: String) -> String {
    guard let ends else { return text }
    return "\(folder)/\(ends.prefix)\(middle)\(ends.suffix)"
  }

  /// The number that the digits in `middle` stand for; nil for other text.
  private static func number(_ middle: String) -> Int? {
    middle.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      ? Int(middle) : nil
  }
}
