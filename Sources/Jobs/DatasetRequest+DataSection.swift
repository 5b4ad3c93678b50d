import Datasets
import DurableFiles
import Failures
import Jobs

// A job's words for the data, in the terms of the module that reads it.

extension DatasetRequest {
  package init(_ section: DataSection) {
    let source: DataSource
    switch section.source {
    case .cifar10(let path): source = .cifar10(path: path)
    case .synthetic(let seed, let train, let test):
      source = .synthetic(seed: seed, train: train, test: test)
    case .arrays(let train, let test, let trainLabels, let testLabels):
      source = .arrays(train: train, test: test, trainLabels: trainLabels, testLabels: testLabels)
    }
    let preprocessing: Preprocessing
    switch section.preprocessing {
    case .none: preprocessing = .none
    case .standardize: preprocessing = .standardize
    case .unitNorm: preprocessing = .unitNorm
    case .zca(let regularization): preprocessing = .zca(regularization: regularization)
    }
    self.init(
      source: source, train: Selection(section.train), test: Selection(section.test),
      reduction: section.reduction, preprocessing: preprocessing)
  }
}

extension Selection {
  package init(_ section: SelectionSection) {
    guard let count = section.count else {
      self = .all
      return
    }
    self =
      section.seed.map { .drawn(count: count, seed: $0, balanced: section.balanced) }
      ?? .first(count)
  }
}

extension Preprocessing {
  /// As a job file says it.
  package var text: String {
    switch self {
    case .none: return "none"
    case .standardize: return "standardize"
    case .unitNorm: return "unit_norm"
    case .zca(let regularization): return "zca(regularization=\(regularization))"
    }
  }
}

extension ImageShape {
  /// [H, W, C] or [D].
  package var sizes: [Int] {
    switch self {
    case .spatial(let height, let width, let channels): [height, width, channels]
    case .flat(let features): [features]
    }
  }
}

extension SpectrumSection {
  /// How many eigenvectors to keep; `Int.max` for all.
  package var leadingVectors: Int {
    switch vectors {
    case .leading(let count): return count
    case .all: return .max
    }
  }
}

extension Job {
  /// The job in a file, with `--set` options applied.
  package init(contentsOf path: String, overrides: [String] = []) throws(JobError) {
    var file = try JobFile(path: path)
    try file.apply(overrides: overrides)
    self = try file.job()
  }
}
