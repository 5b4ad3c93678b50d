/// The origin of a job's kernels.
public enum KernelOrigin: Sendable, Equatable {
  /// The kernels are those of networks of infinite width, and are computed.
  case network(NetworkSection)
  /// The kernels are matrices that another program has computed, and are imported.
  case kernel(KernelSection)
  /// The kernels are products of features that another program has computed.
  case features(FeaturesSection)
}

extension Job {
  /// The network or networks; nil if the kernels do not come from networks.
  public var network: NetworkSection? {
    if case .network(let section) = origin { section } else { nil }
  }

  /// The files of the kernels; nil if the kernels are computed.
  public var kernel: KernelSection? {
    if case .kernel(let section) = origin { section } else { nil }
  }

  /// The files of the features; nil if the kernels do not come from features.
  public var features: FeaturesSection? {
    if case .features(let section) = origin { section } else { nil }
  }

  /// The networks to compute. A kernel that does not come from a network counts as one without layers.
  public var variants: [Variant] {
    switch origin {
    case .network(let section): section.variants
    case .kernel: [Variant(name: "", layers: [])]
    case .features(let section): section.variantNames.map { Variant(name: $0, layers: []) }
    }
  }

  /// Whether the job has test images or test points to predict for.
  var hasTest: Bool {
    switch origin {
    case .network: data.test.count != 0
    case .kernel(let section): section.test != nil
    case .features(let section): section.test != nil
    }
  }

  /// The key that must be given to make `hasTest` true.
  var testKey: String {
    switch origin {
    case .network: "data.test"
    case .kernel: "kernel.test"
    case .features: "features.test"
    }
  }
}
