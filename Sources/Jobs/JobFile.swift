import JobDocuments

/// A job file as text, before it is read as a `Job`: the place where options override it.
///
/// A relative path in a job is relative to the working directory, not to the file.
public struct JobFile: Sendable {
  private var document: YAMLDocument

  /// Loads the file at `path`.
  ///
  /// Local. Errors: missingFile, unreadable, syntax, duplicateKey.
  public init(path: String) throws(JobError) {
    document = try YAMLDocument(path: path)
  }

  /// Takes the text `yaml` (or JSON), which errors call `name`.
  ///
  /// Errors: syntax, duplicateKey.
  public init(yaml: String, name: String = "job") throws(JobError) {
    document = try YAMLDocument(yaml: yaml, name: name)
  }

  /// Applies `--set` options, each `KEY=VALUE`, from left to right.
  ///
  /// A key is a path such as `data.train` or, into a list, `network.0.dense.weight_variance`; its
  /// value is YAML, and `null` takes the key out of the job. Missing mappings on the way are made;
  /// a key that no job has is found when the job is read, with the option as its place.
  /// Errors: badOverride, syntax, duplicateKey.
  public mutating func apply(overrides: [String]) throws(JobError) {
    for text in overrides { try Override(text).apply(to: &document.root) }
  }

  /// The job, checked and with its defaults.
  ///
  /// Errors: unknownKey, missingKey, wrongType, outOfRange, conflict.
  public func job() throws(JobError) -> Job {
    try Job(Item(path: "", node: document.root))
  }

  /// The network of a file that holds `network` alone, or else of a complete job.
  ///
  /// Errors: as `job()`.
  public func network() throws(JobError) -> NetworkSection {
    let root = Item(path: "", node: document.root)
    guard case .mapping(let entries) = document.root.content, entries.count == 1,
      let item = try Job.keys.open(root)["network"]
    else {
      let job = try Job(root)
      if let network = job.network { return network }
      throw root.error(.missingKey, "the job has no network, of which there would be layers")
    }
    return try NetworkSection(item)
  }
}

extension Job {
  /// The job in a file, with `--set` options applied.
  ///
  /// Local. Errors: as `JobFile`.
  package init(contentsOf path: String, overrides: [String] = []) throws(JobError) {
    var file = try JobFile(path: path)
    try file.apply(overrides: overrides)
    self = try file.job()
  }
}
