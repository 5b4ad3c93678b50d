import JobDocuments

/// A job file as text, before it is read as a `Job`. Options override values in this form.
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

  /// Takes the text `yaml` (or JSON); errors call it `name`.
  ///
  /// Errors: syntax, duplicateKey.
  public init(yaml: String, name: String = "job") throws(JobError) {
    document = try YAMLDocument(yaml: yaml, name: name)
  }

  /// Applies `--set` options, each `KEY=VALUE`, from left to right.
  ///
  /// A key is a path such as `data.train` or, into a list, `network.0.dense.weight_variance`. Its
  /// value is YAML, and `null` removes the key from the job. Missing mappings along the path are
  /// created. An unknown key is reported when the job is read, with the option as its place.
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

  /// The network of a file that holds only `network`, or of a complete job.
  ///
  /// Errors: the same as those of `job()`.
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
  /// Local. Errors: the same as those of `JobFile`.
  package init(contentsOf path: String, overrides: [String] = []) throws(JobError) {
    var file = try JobFile(path: path)
    try file.apply(overrides: overrides)
    self = try file.job()
  }
}
