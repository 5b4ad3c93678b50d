import Datasets
import JobDocuments

extension Job {
  private static let dataAdvice = "say which images, e.g. data: {synthetic: {}}"
  private static let networkAdvice =
    "give a list of layers, or a preset such as {preset: fcn, depth: 3}; or kernel or features in its place"

  static let keys = SectionKeys<Job>([
    Key(
      "data", type: "a mapping", absent: .words("required with network, otherwise none"),
      "The images; see data.", text: { $0.data.text }),
    Key(
      "network", type: "a list of layers, or a preset",
      absent: .words("required without kernel and features"),
      "The network, or networks; see network.", text: { $0.network?.text }),
    Key(
      "kernel", type: "a mapping", absent: .words("computed from network"),
      "A kernel of your own in place of network; see kernel.",
      text: { $0.kernel.map(KernelSection.keys.text) }),
    Key(
      "features", type: "a mapping", absent: .words("computed from network"),
      "Jacobians or other features in place of network, whose products are the kernel; see features.",
      text: { $0.features.map(FeaturesSection.keys.text) }),
    Key("kernels", \.kernels, .kernels, "The kernels to compute.").written { $0.network != nil },
    Key(
      "average", optional: \.average, AverageSection.form, absent: .words("not averaged"),
      "Mirrored and shifted copies of the images that the kernels are averaged over; see average."),
    Key("precision", \.precision, .choice, "The arithmetic of the kernels.")
      .written { $0.kernel == nil },
    Key("storage", \.storage, .choice, "The numbers in the store."),
    Key(
      "store", optional: \.store, StoreSection.form, absent: .words("in shards"),
      "How the tiles of the kernels lie on the disk; see store."),
    Key(
      "tile", optional: \.tile, .count(atLeast: 1, atMost: 65_536), unit: "images",
      absent: .words("chosen from the data and the network"), "The edge of a tile of a kernel."),
    Key(
      "spectrum", optional: \.spectrum, SpectrumSection.form, absent: .words("not computed"),
      "The eigenvalues of the kernels; see spectrum."),
    Key(
      "density", optional: \.density, DensitySection.form, absent: .words("not computed"),
      "The spectral densities of the kernels, with error bars; see density."),
    Key(
      "prediction", optional: \.prediction, PredictionSection.form, absent: .words("not computed"),
      "Kernel regression on the training images, evaluated on the test images; see prediction."),
    Key(
      "training", optional: \.training, TrainingSection.form, absent: .words("not computed"),
      "Gradient descent in function space; see training."),
    Key(
      "alignment", optional: \.alignment, AlignmentSection.form, absent: .words("not computed"),
      "How much of the targets lies along each eigenvector; see alignment."),
    Key(
      "generalization", optional: \.generalization, GeneralizationSection.form,
      absent: .words("predicted alone, where the spectrum has weights"),
      "What the spectrum predicts of learning from fewer images; see generalization."),
    Key(
      "output", \.output, .path, absent: .required("name the run folder to create"),
      "The run folder."),
  ])

  /// Reads a whole job.
  init(_ root: Item) throws(JobError) {
    let section = try Self.keys.open(root)
    if let item = section["kernel"] {
      try Self.requireAlone(
        item, in: section, notWith: ["features", "network", "kernels", "average", "precision"])
      self.init(
        data: try DatasetRequest(labels: section["data"], of: item.path),
        origin: .kernel(try KernelSection(item)), kernels: [.given], output: "")
    } else if let item = section["features"] {
      try Self.requireAlone(item, in: section, notWith: ["network", "kernels", "average"])
      self.init(
        data: try DatasetRequest(labels: section["data"], of: item.path),
        origin: .features(try FeaturesSection(item)), kernels: [.given], output: "")
    } else {
      let dataItem = try section.required("data", Self.dataAdvice)
      let networkItem = try section.required("network", Self.networkAdvice)
      let isPredictionAsked = ["prediction", "training"].contains { section[$0] != nil }
      self.init(
        data: try DatasetRequest(dataItem, isPredictionAsked: isPredictionAsked),
        origin: .network(try NetworkSection(networkItem)), output: "")
    }
    try Self.keys.read(section, into: &self)
    try check(section)
  }

  /// Throws if keys are given that have no meaning together with the key at `item`. Errors: conflict.
  private static func requireAlone(
    _ item: Item, in section: Item, notWith names: [String]
  ) throws(JobError) {
    for name in names {
      guard let other = section[name] else { continue }
      throw other.error(
        .conflict,
        "\(other.path) is not for a job with \(item.path), which stands in place of a network; "
          + "keep one of the two")
    }
  }

  /// The resolved job as YAML, with every default spelled out. Reading the text gives an equal job.
  public func resolvedYAML() -> String {
    Self.keys.text(self).block(indent: 0).joined(separator: "\n") + "\n"
  }
}

extension Form where Value == [KernelKind] {
  /// Kernels, in any order.
  static var kernels: Form {
    let words = "a list, [nngp], [ntk] or [nngp, ntk]"
    return Form(words: words) { (item) throws(JobError) in
      var named: [KernelKind] = []
      for element in try item.elements(of: words) {
        let kernel = try element.value(Form<NetworkKernel>.choice).kind
        guard !named.contains(kernel) else {
          throw element.error(.conflict, "\(item.path) names \(kernel.rawValue) twice; keep one")
        }
        named.append(kernel)
      }
      guard !named.isEmpty else { throw item.outOfRange(allowed: words) }
      return KernelKind.ofNetworks.filter(named.contains)
    } text: {
      .list($0.map { .text($0.rawValue) })
    }
  }
}

/// The names that are allowed in a job's `kernels`.
private enum NetworkKernel: String, CaseIterable {
  case nngp, ntk

  var kind: KernelKind { self == .nngp ? .nngp : .ntk }
}
