import Datasets
import JobDocuments
import RecursionCore

extension Variant {
  /// The network in one line, for example `flatten; 3 x {dense(...); relu}; dense(...)`.
  ///
  /// Equal networks have equal texts, however they were written: parameters are in alphabetical
  /// order, numbers have the shortest form that reads back, and repeated groups are folded. Runs
  /// are fingerprinted with this text, so its format must not change.
  public var canonicalText: String { line(normalized(layers)) }
}

extension LayerDescription {
  /// The layer in one line, its parameters in alphabetical order.
  var canonicalText: String {
    if let (count, layers) = repetition { return "\(count) x {\(line(layers))}" }
    let name = quotedWhereNeeded(name)
    guard !parameters.isEmpty else { return name }
    let list = parameters.sorted { $0.name < $1.name }
      .map { "\(keyText($0.name))=\($0.value.canonicalText)" }
    return "\(name)(\(list.joined(separator: ", ")))"
  }
}

extension ParameterValue {
  fileprivate var canonicalText: String {
    switch self {
    case .number(let number): numeral(number)
    case .word(let word): quotedWhereNeeded(word)
    case .flag(let flag): "\(flag)"
    case .numbers(let numbers): "[\(numbers.map(numeral).joined(separator: ", "))]"
    case .optionalNumbers(let numbers):
      "[\(numbers.map { $0.map(numeral) ?? "null" }.joined(separator: ", "))]"
    case .layers(let layers): "{\(line(layers))}"
    // The text identifies a matrix by its contents, because the file may be moved but must not be changed.
    case .matrix(let matrix):
      "[\(matrix.rows) x \(matrix.columns), \(digest(matrix.values))]"
    case .branches(let branches):
      "[\(branches.map { "{\(line($0))}" }.joined(separator: ", "))]"
    }
  }
}

/// A fingerprint of numbers that treats both zeros as equal.
private func digest(_ numbers: [Double]) -> String {
  var digest = ImageDigest()
  for number in numbers { digest.take((number + 0).bitPattern) }
  return String(digest.value, radix: 16)
}

/// Layers in one line.
private func line(_ layers: [LayerDescription]) -> String {
  layers.map(\.canonicalText).joined(separator: "; ")
}

/// The name of a parameter, also quoted if it contains the sign that ends a name.
private func keyText(_ name: String) -> String {
  name.utf8.contains(UInt8(ascii: "=")) ? quoted(name) : quotedWhereNeeded(name)
}

/// The shortest text that reads back as `number`; both zeros have the same text.
private func numeral(_ number: Double) -> String { number == 0 ? "0.0" : "\(number)" }
