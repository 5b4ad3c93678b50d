import Jobs
import RecursionCore

/// `ntk-dist network JOB`: the networks of a job with presets expanded; needs no MPI.
public struct NetworkListing {
  /// The listing as YAML. Comments say how activations without a closed form are computed.
  public let text: String

  /// Reads a job file.
  ///
  /// Errors: `JobError`; `NetworkError` if a composition makes no sense.
  public init(_ path: String, overrides: [String]) throws {
    var file = try JobFile(path: path)
    try file.apply(overrides: overrides)
    if let job = try? file.job(), job.network == nil {
      text = "# no network: the job has a kernel or features of its own\n"
      return
    }
    let network = try file.network()
    let notes = try ActivationCertificate.all(in: network.variants.flatMap(\.layers))
      .map { "# \($0.description)\n" }
    text = network.expandedYAML() + notes.joined()
  }
}
