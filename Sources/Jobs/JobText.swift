import RecursionCore

extension Job {
  /// The job as resolved, every default spelled out: reading it again gives an equal job.
  public func resolvedYAML() -> String {
    var entries: [(key: String, value: YAMLText)] = [
      ("data", data.text), ("network", network.text),
      ("kernels", .list(kernels.map { .text($0.rawValue) })),
      ("precision", .text(precision.rawValue)), ("storage", .text(storage.rawValue)),
    ]
    if let tile { entries.append(("tile", .scalar("\(tile)"))) }
    if let spectrum { entries.append(("spectrum", spectrum.text)) }
    if let prediction { entries.append(("prediction", prediction.text)) }
    if let training { entries.append(("training", training.text)) }
    if let alignment { entries.append(("alignment", alignment.text)) }
    entries.append(("output", .text(output)))
    return YAMLText.mapping(entries).block(indent: 0).joined(separator: "\n") + "\n"
  }
}

extension DataSection {
  var text: YAMLText {
    let sourceEntry: (key: String, value: YAMLText)
    switch source {
    case .cifar10(let path): sourceEntry = ("cifar10", .text(path))
    case .synthetic(let seed, let train, let test):
      sourceEntry = (
        "synthetic",
        .mapping([
          ("seed", .scalar("\(seed)")), ("train", .scalar("\(train)")),
          ("test", .scalar("\(test)")),
        ])
      )
    case .arrays(let train, let test, let trainLabels, let testLabels):
      let files: [(key: String, path: String?)] = [
        ("train", train), ("test", test), ("train_labels", trainLabels),
        ("test_labels", testLabels),
      ]
      let named = files.compactMap { file in file.path.map { (file.key, YAMLText.text($0)) } }
      sourceEntry = ("arrays", .mapping(named))
    }
    return .mapping([
      sourceEntry, ("train", train.text), ("test", test.text),
      ("preprocessing", preprocessing.text),
    ])
  }
}

extension SelectionSection {
  var text: YAMLText {
    guard let count else { return .text("all") }
    guard let seed else { return .scalar("\(count)") }
    return .mapping([
      ("count", .scalar("\(count)")), ("seed", .scalar("\(seed)")),
      ("balanced", .scalar("\(balanced)")),
    ])
  }
}

extension PreprocessingSection {
  var text: YAMLText {
    switch self {
    case .none: .text("none")
    case .standardize: .text("standardize")
    case .unitNorm: .text("unit_norm")
    case .zca(let regularization):
      .mapping([("zca", .mapping([("regularization", .number(regularization))]))])
    }
  }
}
