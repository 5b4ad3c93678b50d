import JobDocuments

/// A job's `features`: files with Jacobians or other features. The kernel consists of their products.
public struct FeaturesSection: Sendable, Equatable {
  /// The files of the training points' chunks, [n, P] or [n, outputs, P] each; `*` stands for the number of a chunk.
  public var train: String
  /// The files of the test points' chunks, [m, P] or [m, outputs, P]; nil without test points.
  public var test: String?
  /// The number of outputs of the network.
  public var outputs: Int
  /// How several outputs are combined.
  public var kernel: OutputKernel
  /// The factors of the chunks' parts of the kernel; nil for 1.
  public var weights: [Double]?
  /// The layer of each chunk. The kernel of each layer is formed in addition to the kernel of all
  /// chunks. nil forms only the kernel of all chunks.
  public var layers: [String]?
  /// Whether the features are centered on the mean of the training points.
  public var center: Bool
  /// Whether the features are divided by their norms.
  public var normalize: Bool
  /// The number of chunks, if they come one after the other; nil if all chunks exist already.
  public var chunks: Int?
  /// The seconds that a run waits without a sign of the process that writes the chunks.
  public var patience: Double
  /// The seconds between saved states of the sums. A run resumes from such a state.
  public var checkpoint: Double

  /// The kind of kernel of a network with several outputs.
  public enum OutputKernel: String, Sendable, CaseIterable {
    /// The mean of the outputs' kernels, [n, n].
    case trace
    /// The kernel of all outputs of all points, [n k, n k]; the outputs of a point are consecutive.
    case full
  }

  /// The kernel of the products of these features.
  public init(
    train: String, test: String? = nil, outputs: Int = 1, kernel: OutputKernel = .trace,
    weights: [Double]? = nil, layers: [String]? = nil, center: Bool = false,
    normalize: Bool = false, chunks: Int? = nil,
    patience: Double = 600,
    checkpoint: Double = 600
  ) {
    (self.train, self.test, self.outputs, self.weights) = (train, test, outputs, weights)
    (self.kernel, self.layers) = (kernel, layers)
    (self.center, self.normalize, self.chunks) = (center, normalize, chunks)
    (self.patience, self.checkpoint) = (patience, checkpoint)
  }
}

extension Form where Value == String {
  /// The name of a layer, which becomes part of file names.
  fileprivate static var layerName: Form {
    let words = "a name of letters, digits, dots, dashes and underscores"
    return Form(words: words) { (item) throws(JobError) in
      guard case .scalar(let scalar) = item.node.content else {
        throw item.wrongType(expected: words)
      }
      let isName = scalar.text.utf8.allSatisfy {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
          || "._-".utf8.contains($0)
      }
      guard isName, !scalar.text.isEmpty else { throw item.outOfRange(allowed: words) }
      return scalar.text
    } text: {
      .text($0)
    }
  }
}

extension FeaturesSection {
  static let keys = SectionKeys<FeaturesSection>([
    Key(
      "train", \.train, .path,
      absent: .required("name the files of the training points, e.g. jac/train-*.npy"),
      "The features of the training points: chunks [n, P] in `.npy` files, where `*` stands for the "
        + "chunks' numbers, or one Zarr array."),
    Key(
      "test", optional: \.test, .path, absent: .words("no test points"),
      "Those of the test points, [m, P], in as many chunks with the same columns."),
    Key(
      "outputs", \.outputs, .count(atLeast: 1, atMost: 100_000),
      "Outputs of the network. With several, chunks are [n, outputs, P]."),
    Key(
      "kernel", \.kernel, .choice,
      "The kernel of several outputs: `trace` for the mean of their kernels, [n, n]; `full` for that of "
        + "all outputs of all points, [n outputs, n outputs], where every output counts as a point."
    ),
    Key(
      "weights", optional: \.weights, .list(of: .number, "numbers", example: "[1, 0.5]"),
      absent: .words("1 for every chunk"), "What each chunk's part of the kernel is multiplied by."),
    Key(
      "layers", optional: \.layers,
      .list(of: .layerName, "names", example: "[conv1, conv1, dense]"),
      absent: .words("the kernel of all chunks alone"),
      "The layer of each chunk. The kernel of every layer is formed too, as a variant of the job, beside "
        + "that of all chunks."),
    Key(
      "center", \.center, .flag,
      "Whether the mean of the training points' features is subtracted from all features."),
    Key(
      "normalize", \.normalize, .flag,
      "Whether every point's features are divided by their norm, after the centering."),
    Key(
      "chunks", optional: \.chunks, .count(atLeast: 1, atMost: 1_000_000),
      absent: .words("as many as there are"),
      "How many chunks there will be, numbered from 0, where a producer writes them one after the other "
        + "(`--follow`)."),
    Key(
      "patience", \.patience, .number(above: 0), unit: "seconds",
      "Time without a sign of the producer after which `--follow` waits no longer."),
    Key(
      "checkpoint", \.checkpoint, .number(atLeast: 0), unit: "seconds",
      "Time between the saved states of the sums, from which `--resume` continues."),
  ])

  static let form = keys.form(from: FeaturesSection(train: ""))

  /// The layers whose kernels are formed in addition to the kernel of all chunks, in the order of their first chunks.
  public var distinctLayers: [String] {
    var seen: Set<String> = []
    return (layers ?? []).filter { seen.insert($0).inserted }
  }

  /// The names of the job's variants: empty for the kernel of all chunks, then one for each layer.
  public var variantNames: [String] { [""] + distinctLayers.map { "layer=\($0)" } }

  /// Everything that determines the kernel except the files, on one line.
  package var canonicalText: String {
    var section = self
    (section.train, section.test, section.checkpoint, section.patience) = ("", nil, 0, 1)
    section.layers = nil
    return Self.keys.text(section).flow
  }
}

extension FeaturesSection {
  /// Reads `features`. Errors: those of the keys; conflict if the numbers of weights and chunks differ.
  init(_ item: Item) throws(JobError) {
    self = try item.value(Self.form)
    if let layers, let weights, layers.count != weights.count {
      throw item.error(
        .conflict,
        "\(item.path).layers has \(layers.count) names and \(item.path).weights \(weights.count) numbers; "
          + "give one of each for each chunk")
    }
    guard let chunks else { return }
    if layers != nil {
      throw item.error(
        .conflict,
        "\(item.path).layers reads the chunks once for all and once for their layers, and with "
          + "\(item.path).chunks they may go when they were read; leave out one of them")
    }
    if let weights, weights.count != chunks {
      throw item.error(
        .conflict,
        "\(item.path).weights has \(weights.count) numbers and \(item.path).chunks says \(chunks); give one "
          + "number for each chunk")
    }
    for path in [train, test].compactMap(\.self) where !path.utf8.contains(UInt8(ascii: "*")) {
      throw item.error(
        .conflict,
        "\(item.path).chunks says \(chunks) and \(path) has no * for their numbers; name them, e.g. "
          + "jac/train-*.npy")
    }
  }
}
