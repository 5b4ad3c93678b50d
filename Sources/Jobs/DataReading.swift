extension DataSection {
  /// Counts of generated images where a job does not say them.
  static let defaultSynthetic = (seed: UInt64(1), train: 2000, test: 500)

  /// Reads `data`. Generated test images are made by default only where a prediction is asked.
  init(_ item: Item, isPredictionAsked: Bool) throws(JobError) {
    let section = try item.section(
      ["cifar10", "synthetic", "arrays", "train", "test", "reduce", "preprocessing"])
    let sources = ["cifar10", "synthetic", "arrays"].compactMap { section[$0] }
    guard let first = sources.first else {
      throw JobError(
        .missingKey, at: section.place, path: item.path,
        "\(item.path) names no images; give it one of cifar10, synthetic and arrays")
    }
    guard sources.count == 1 else {
      let names = enumeration(sources.map(\.path))
      throw sources[1].error(.conflict, "\(names) are both given; keep one")
    }
    if first.path.hasSuffix("cifar10") {
      source = .cifar10(path: try first.text())
    } else if first.path.hasSuffix("synthetic") {
      source = try Self.synthetic(first, isPredictionAsked: isPredictionAsked)
    } else {
      source = try Self.arrays(first)
    }
    train =
      try section["train"].map { (item) throws(JobError) in
        try SelectionSection(item, atLeast: 1)
      } ?? .all
    test =
      try section["test"].map { (item) throws(JobError) in
        try SelectionSection(item, atLeast: 0)
      } ?? Self.defaultTest(of: source)
    reduction = try section["reduce"]?.count(atLeast: 1) ?? 1
    preprocessing =
      try section["preprocessing"].map { (item) throws(JobError) in
        try PreprocessingSection(item)
      } ?? .standardize
    try checkCounts(section)
  }

  /// The number of training images used, where it is known without the files.
  var knownTrainCount: Int? {
    if case .synthetic(_, let there, _) = source { return train.count ?? there }
    return train.count
  }

  private static func synthetic(
    _ item: Item, isPredictionAsked: Bool
  ) throws(JobError) -> Source {
    let section = try item.section(["seed", "train", "test"])
    let fallback = defaultSynthetic
    return .synthetic(
      seed: try section["seed"]?.seed() ?? fallback.seed,
      train: try section["train"]?.count(atLeast: 1) ?? fallback.train,
      test: try section["test"]?.count(atLeast: 0) ?? (isPredictionAsked ? fallback.test : 0))
  }

  private static func arrays(_ item: Item) throws(JobError) -> Source {
    let section = try item.section(["train", "test", "train_labels", "test_labels"])
    return .arrays(
      train: try section.required("train", "name the .npy file of the training images").text(),
      test: try section["test"]?.text(),
      trainLabels: try section["train_labels"]?.text(),
      testLabels: try section["test_labels"]?.text())
  }

  /// What an absent `test` means: what the source itself names, which CIFAR-10 does not.
  private static func defaultTest(of source: Source) -> SelectionSection {
    switch source {
    case .cifar10: .empty
    case .synthetic(_, _, let test): test > 0 ? .all : .empty
    case .arrays(_, let test, _, _): test != nil ? .all : .empty
    }
  }

  /// What can be said of the counts without the files.
  private func checkCounts(_ section: Section) throws(JobError) {
    switch source {
    case .cifar10: return
    case .arrays(_, let file, _, _):
      guard let item = section["test"], file == nil, test != .empty else { return }
      throw item.error(
        .conflict,
        "\(item.path) asks for test images and \(section.path).arrays has none; "
          + "add \(section.path).arrays.test, or set \(item.path) to 0")
    case .synthetic(_, let trainCount, let testCount):
      for (key, selection, there) in [("train", train, trainCount), ("test", test, testCount)] {
        guard let item = section[key], let count = selection.count, count > there else { continue }
        throw item.error(
          .conflict,
          "\(item.path) asks for \(count) images and only \(there) are generated; "
            + "raise \(section.path).synthetic.\(key)")
      }
    }
  }
}

extension SelectionSection {
  /// Reads a count, `all`, or `{count, seed, balanced}`.
  init(_ item: Item, atLeast minimum: Int) throws(JobError) {
    if case .mapping = item.node.content {
      let section = try item.section(["count", "seed", "balanced"])
      count = try section.required("count", "say how many images to draw").count(atLeast: minimum)
      balanced = try section["balanced"]?.flag() ?? false
      seed = try section["seed"]?.seed() ?? (balanced ? DataSection.defaultSynthetic.seed : nil)
    } else if item.scalar == .word("all") {
      self = .all
    } else if case .number = item.scalar {
      self = .init(count: try item.count(atLeast: minimum))
    } else {
      throw item.wrongType(
        expected: "a whole number, 'all', or a mapping with count, seed and balanced")
    }
  }
}

extension PreprocessingSection {
  private static let words = ["none", "standardize", "unit_norm", "zca"]

  /// Reads a word, or `{zca: {regularization: number}}`.
  init(_ item: Item) throws(JobError) {
    switch item.scalar {
    case .word("none"): self = .none
    case .word("standardize"): self = .standardize
    case .word("unit_norm"): self = .unitNorm
    case .word("zca"): self = .zca(regularization: Self.defaultRegularization)
    case .word(let word): throw item.unknownWord(word, Self.words)
    default:
      guard case .mapping = item.node.content else {
        throw item.wrongType(expected: enumeration(Self.words, "or"))
      }
      let zca = try item.section(["zca"])
        .required("zca", "write {zca: {regularization: 0.1}} or a word")
      let regularization = try zca.section(["regularization"])["regularization"]
      self = .zca(
        regularization: try regularization?.number(atLeast: 0) ?? Self.defaultRegularization)
    }
  }
}
