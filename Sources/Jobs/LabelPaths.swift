import Datasets
import JobDocuments

/// A job's `data.labels`: the labels of points that have no images.
struct LabelPaths: Sendable {
  var train: String?
  var test: String?

  static let keys = SectionKeys<LabelPaths>([
    Key(
      "train", optional: \.train, .path, absent: .words("none"),
      "The labels of the training points, a `.npy` file [n] of whole numbers from 0."),
    Key(
      "test", optional: \.test, .path, absent: .words("none"), "The labels of the test points, [m]."
    ),
  ])

  init() {}

  init?(_ source: DataSource) {
    guard case .labels(let train, let test) = source else { return nil }
    (self.train, self.test) = (train, test)
  }
}

extension DatasetRequest {
  /// The data of a job whose kernels do not come from images: labels, or nothing.
  ///
  /// - Parameters:
  ///   - item: the job's `data`; nil if the job has none.
  ///   - origin: the key that gives the kernels.
  ///
  /// Errors: unknownKey, wrongType; conflict if `data` names images.
  init(labels item: Item?, of origin: String) throws(JobError) {
    self = Self.start
    (train, test, preprocessing) = (.all, .all, .none)
    guard let section = try item.map({ (item) throws(JobError) in try Self.keys.open(item) }) else {
      source = .labels(train: nil, test: nil)
      return
    }
    for name in Self.keys.names where name != "labels" {
      guard let other = section[name] else { continue }
      throw other.error(
        .conflict,
        "\(other.path) is about images, and the job's \(origin) needs none; leave it out, or give "
          + "\(section.path): {labels: {train: Y.npy}}")
    }
    let paths = try section["labels"].map { (item) throws(JobError) in
      try item.value(LabelPaths.keys.form(from: LabelPaths()))
    }
    source = .labels(train: paths?.train, test: paths?.test)
  }

  /// The section as text for a job; nil if there is nothing to write.
  var text: YAMLText? {
    guard let paths = LabelPaths(source) else { return Self.keys.text(self) }
    guard paths.train != nil || paths.test != nil else { return nil }
    return .mapping([("labels", LabelPaths.keys.text(paths))])
  }
}
