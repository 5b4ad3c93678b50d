import Jobs
import RecursionCore

/// `ntk-dist network JOB`: the networks of a job with presets expanded; no MPI.
public struct NetworkListing {
  /// The listing, as YAML; comments say how activations without a closed form are computed.
  public let text: String

  /// Reads a job file.
  ///
  /// Errors: `JobError`; `NetworkError` where a composition makes no sense.
  public init(_ path: String, overrides: [String]) throws {
    var file = try JobFile(path: path)
    try file.apply(overrides: overrides)
    let network = try file.network()
    var notes: [String] = []
    for certificate in try network.variants.flatMap({
      try ActivationCertificate.all(in: $0.layers)
    }) where !notes.contains("# \(certificate.description)\n") {
      notes.append("# \(certificate.description)\n")
    }
    text = network.expandedYAML() + notes.joined()
  }
}
