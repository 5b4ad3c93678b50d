import JobDocuments
import RecursionCore

extension NetworkSection {
  /// The network as the job says it.
  var text: YAMLText {
    switch definition {
    case .layers(let layers): .list(layers.map(\.text))
    case .preset(let network): network.text
    }
  }

  /// What `ntk-dist network` prints: every variant as a YAML document that reads back as a network,
  /// equal consecutive groups of layers folded into `repeat`.
  public func expandedYAML() -> String {
    variants.map { variant in
      (variant.name.isEmpty ? "" : "# \(variant.name)\n") + variant.yaml()
    }.joined(separator: "---\n")
  }
}

extension Variant {
  /// The layers, every `repeat` written out and equal consecutive groups folded into `repeat`.
  public var foldedLayers: [LayerDescription] { normalized(layers) }

  /// The network as YAML, equal consecutive groups of layers folded into `repeat`.
  public func yaml() -> String {
    let list = YAMLText.list(foldedLayers.map(\.text))
    return (["network:"] + list.block(indent: 2)).joined(separator: "\n") + "\n"
  }
}

extension LayerDescription {
  var text: YAMLText {
    if parameters.isEmpty { return .text(name) }
    let entries = parameters.map { (quotedWhereNeeded($0.name), $0.value.text) }
    return .mapping([(quotedWhereNeeded(name), .mapping(entries))])
  }
}

extension ParameterValue {
  var text: YAMLText {
    switch self {
    case .number(let number): .number(number)
    case .word(let word): .text(word)
    case .flag(let flag): .scalar("\(flag)")
    case .numbers(let numbers): .list(numbers.map(YAMLText.number))
    case .optionalNumbers(let numbers):
      .list(numbers.map { $0.map(YAMLText.number) ?? .scalar("null") })
    case .layers(let layers): .list(layers.map(\.text))
    case .matrix(let matrix): .text(matrix.path)
    case .branches(let branches): .list(branches.map { .list($0.map(\.text)) })
    }
  }
}
