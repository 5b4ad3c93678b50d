import JobDocuments
import RecursionCore

extension NetworkSection {
  /// The network in the form that the job uses.
  var text: YAMLText {
    switch definition {
    case .layers(let layers): .list(layers.map(\.text))
    case .preset(let network): network.text
    }
  }

  /// The output of `ntk-dist network`: every variant as a YAML document that reads back as a
  /// network, with equal consecutive groups of layers folded into `repeat`.
  public func expandedYAML() -> String {
    variants.map { variant in
      (variant.name.isEmpty ? "" : "# \(variant.name)\n") + variant.yaml()
    }.joined(separator: "---\n")
  }
}

extension Variant {
  /// The layers in normal form: every `repeat` is written out, and then equal consecutive groups
  /// are folded into `repeat`.
  public var foldedLayers: [LayerDescription] { normalized(layers) }

  /// The network as YAML, with equal consecutive groups of layers folded into `repeat`.
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
