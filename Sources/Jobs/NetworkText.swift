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
  /// The network as YAML, equal consecutive groups of layers folded into `repeat`.
  public func yaml() -> String {
    let list = YAMLText.list(normalized(layers).map(\.text))
    return (["network:"] + list.block(indent: 2)).joined(separator: "\n") + "\n"
  }
}

extension PresetNetwork {
  var text: YAMLText {
    var entries: [(key: String, value: YAMLText)] = [("preset", .text(name))]
    for parameter in preset.parameters {
      switch parameter {
      case .depth: entries.append(depth.entry(parameter) { .scalar("\($0)") })
      case .activation: entries.append((parameter.rawValue, shared.activation.text))
      case .weightVariance: entries.append(weightVariance.entry(parameter, YAMLText.number))
      case .biasVariance: entries.append(biasVariance.entry(parameter, YAMLText.number))
      case .padding: entries.append((parameter.rawValue, .text(shared.padding.rawValue)))
      case .filter:
        entries.append((parameter.rawValue, .list(shared.filter.map { .scalar("\($0)") })))
      case .imageSize: entries.append((parameter.rawValue, .scalar("\(shared.imageSize)")))
      case .trained: entries.append((parameter.rawValue, .text(shared.trained.rawValue)))
      }
    }
    return .mapping(entries)
  }
}

extension Varying {
  /// The parameter's key and value, by its plural where it varies.
  fileprivate func entry(
    _ parameter: PresetParameter, _ text: (Value) -> YAMLText
  ) -> (key: String, value: YAMLText) {
    switch self {
    case .one(let value): (parameter.rawValue, text(value))
    case .several(let values):
      (parameter.plural ?? parameter.rawValue, .list(values.map(text)))
    }
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
    case .branches(let branches): .list(branches.map { .list($0.map(\.text)) })
    }
  }
}
