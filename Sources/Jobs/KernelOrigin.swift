/// Where a job's kernels come from.
public enum KernelOrigin: Sendable, Equatable {
  /// They are those of networks of infinite width, and are computed.
  case network(NetworkSection)
  /// They are matrices that another program has computed, and are imported.
  case kernel(KernelSection)
  /// They are products of features that another program has computed.
  case features(FeaturesSection)
}

extension Job {
  /// The network or networks; nil where the kernels are of none.
  public var network: NetworkSection? {
    if case .network(let section) = origin { section } else { nil }
  }

  /// The files of the kernels; nil where they are computed.
  public var kernel: KernelSection? {
    if case .kernel(let section) = origin { section } else { nil }
  }

  /// The files of the features; nil where the kernels are of none.
  public var features: FeaturesSection? {
    if case .features(let section) = origin { section } else { nil }
  }

  /// The networks to compute; a kernel that is of no network counts as one without layers.
  public var variants: [Variant] {
    switch origin {
    case .network(let section): section.variants
    case .kernel: [Variant(name: "", layers: [])]
    case .features(let section): section.variantNames.map { Variant(name: $0, layers: []) }
    }
  }

  /// Whether the job's data have something to predict for.
  var hasTest: Bool {
    switch origin {
    case .network: data.test.count != 0
    case .kernel(let section): section.test != nil
    case .features(let section): section.test != nil
    }
  }

  /// The key that must be given for `hasTest`.
  var testKey: String {
    switch origin {
    case .network: "data.test"
    case .kernel: "kernel.test"
    case .features: "features.test"
    }
  }
}
