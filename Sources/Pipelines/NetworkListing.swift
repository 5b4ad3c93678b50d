import Jobs

/// `ntk-dist network JOB`: the networks of a job with presets expanded; no MPI.
public struct NetworkListing {
  /// The listing, as YAML.
  public let text: String

  /// Reads a job file.
  ///
  /// Errors: `JobError`; `NetworkError` where a composition makes no sense.
  public init(_ path: String, overrides: [String]) throws {
    var file = try JobFile(path: path)
    try file.apply(overrides: overrides)
    text = try file.network().expandedYAML()
  }
}
