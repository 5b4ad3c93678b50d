import Datasets
import JobDocuments

// A job's `data`, read into the types of the module Datasets.

extension DatasetRequest {
  static let keys = SectionKeys<DatasetRequest>([
    Key(
      "cifar10", type: Form.path.words, absent: .words("none"),
      "The folder of CIFAR-10's binary version."
    ) {
      if case .cifar10(let path) = $0.source { .text(path) } else { nil }
    },
    Key(
      "synthetic", type: "a mapping", absent: .words("none"),
      "Generated images in CIFAR-10's format, for trials without a download; see data.synthetic."
    ) {
      GeneratedImages($0.source).map(GeneratedImages.keys.text)
    },
    Key(
      "arrays", type: "a mapping", absent: .words("none"),
      "NumPy files; see data.arrays."
    ) {
      ArrayPaths($0.source).map(ArrayPaths.keys.text)
    },
    Key(
      "labels", type: "a mapping", absent: .words("none"),
      "The labels of a kernel of your own, which has no images; see data.labels."
    ) {
      LabelPaths($0.source).map(LabelPaths.keys.text)
    },
    Key(
      "train", \.train, .selection(atLeast: 1),
      "The training images to use: the first so many, all, or a random draw; see data.train."),
    Key(
      "test", \.test, .selection(atLeast: 0), absent: .words("all of the source; none for cifar10"),
      "The test images to use."),
    Key(
      "reduce", \.reduction, .count(atLeast: 1), unit: "pixels",
      "The edge of square blocks of pixels, each of which is replaced by its mean."),
    Key(
      "preprocessing", \.preprocessing, .preprocessing,
      "What is done to the images; see data.preprocessing."),
  ])

  /// The meaning of keys that a job leaves out.
  static let start = DatasetRequest(
    source: .synthetic(seed: 1, train: 2000, test: 0), train: .all, test: .first(0),
    preprocessing: .standardize)

  /// Reads `data`. By default, generated test images are made only if a prediction is requested.
  init(_ item: Item, isPredictionAsked: Bool) throws(JobError) {
    let section = try Self.keys.open(item)
    self = .start
    if let labels = section["labels"] {
      throw labels.error(
        .conflict,
        "\(labels.path) are those of a kernel of your own, and the job has a network; name them with "
          + "their images in \(section.path).arrays")
    }
    source = try Self.source(section, isPredictionAsked: isPredictionAsked)
    // CIFAR-10 has test images whether a job needs them or not.
    test =
      switch source {
      case .cifar10: .first(0)
      case .synthetic(_, _, let count): count > 0 ? .all : .first(0)
      case .arrays(_, let file, _, _): file != nil ? .all : .first(0)
      case .labels: .all
      }
    try Self.keys.read(section, into: &self)
    try checkCounts(section)
  }

  /// The number of training images, if it is known without the files.
  var knownTrainCount: Int? {
    if case .synthetic(_, let held, _) = source { return train.count ?? held }
    return train.count
  }

  private static func source(
    _ section: Item, isPredictionAsked: Bool
  ) throws(JobError) -> DataSource {
    let given = ["cifar10", "synthetic", "arrays"].compactMap { name in
      section[name].map { (name: name, item: $0) }
    }
    guard let (name, item) = given.first else {
      throw JobError(
        .missingKey, at: section.node.place, path: section.path,
        "\(section.path) names no images; give it one of cifar10, synthetic and arrays")
    }
    guard given.count == 1 else {
      let names = enumeration(given.map(\.item.path))
      throw given[1].item.error(.conflict, "\(names) are both given; keep one")
    }
    switch name {
    case "cifar10": return .cifar10(path: try item.value(.path))
    case "arrays":
      let paths = try item.value(ArrayPaths.keys.form(from: ArrayPaths()))
      return .arrays(
        train: paths.train, test: paths.test, trainLabels: paths.trainLabels,
        testLabels: paths.testLabels)
    default:
      let images = try item.value(GeneratedImages.keys.form(from: GeneratedImages()))
      return .synthetic(
        seed: images.seed, train: images.train, test: images.test ?? (isPredictionAsked ? 500 : 0))
    }
  }

  /// Throws if counts are impossible whatever the files hold. Errors: conflict.
  private func checkCounts(_ section: Item) throws(JobError) {
    switch source {
    case .cifar10, .labels: return
    case .arrays(_, let file, _, _):
      guard let item = section["test"], file == nil, test.count != 0 else { return }
      throw item.error(
        .conflict,
        "\(item.path) asks for test images and \(section.path).arrays has none; "
          + "add \(section.path).arrays.test, or set \(item.path) to 0")
    case .synthetic(_, let trainCount, let testCount):
      for (key, selection, held) in [("train", train, trainCount), ("test", test, testCount)] {
        guard let item = section[key], let count = selection.count, count > held else { continue }
        throw item.error(
          .conflict,
          "\(item.path) asks for \(count) images and only \(held) are generated; "
            + "raise \(section.path).synthetic.\(key)")
      }
    }
  }
}

/// A job's `data.synthetic`.
struct GeneratedImages: Sendable {
  var seed: UInt64 = 1
  var train = 2000
  var test: Int?

  /// The kernel of more images would not fit on any machine.
  private static let most = 1_000_000

  static let keys = SectionKeys<GeneratedImages>([
    Key("seed", \.seed, .seed, "The seed of the images."),
    Key(
      "train", \.train, .count(atLeast: 1, atMost: most), "The number of training images."),
    Key(
      "test", optional: \.test, .count(atLeast: 0, atMost: most),
      absent: .words("500 with a prediction or training, else 0"), "The number of test images."),
  ])

  init() {}

  init?(_ source: DataSource) {
    guard case .synthetic(let seed, let train, let test) = source else { return nil }
    (self.seed, self.train, self.test) = (seed, train, test)
  }
}

/// A job's `data.arrays`.
struct ArrayPaths: Sendable {
  var train = ""
  var test: String?
  var trainLabels: String?
  var testLabels: String?

  static let keys = SectionKeys<ArrayPaths>([
    Key(
      "train", \.train, .path, absent: .required("name the .npy file of the training images"),
      "The training images, a `.npy` file [N, H, W, C] or [N, D]."),
    Key("test", optional: \.test, .path, absent: .words("none"), "The test images."),
    Key(
      "train_labels", optional: \.trainLabels, .path, absent: .words("none"),
      "The labels of the training images, a `.npy` file [N] of whole numbers from 0."),
    Key(
      "test_labels", optional: \.testLabels, .path, absent: .words("none"),
      "The labels of the test images."),
  ])

  init() {}

  init?(_ source: DataSource) {
    guard case .arrays(let train, let test, let trainLabels, let testLabels) = source else {
      return nil
    }
    (self.train, self.test) = (train, test)
    (self.trainLabels, self.testLabels) = (trainLabels, testLabels)
  }
}
