/// Where everything of a run lies.
public struct RunFolder: Sendable {
  /// The folder itself.
  public let path: String

  /// The run in the folder `path`.
  public init(_ path: String) {
    var trimmed = path
    while trimmed.count > 1 && trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.path = trimmed
  }

  var job: String { "\(path)/job.yaml" }
  var environment: String { "\(path)/environment.json" }
  var summary: String { "\(path)/summary.json" }
  var events: String { "\(path)/events.jsonl" }
  var store: String { "\(path)/kernels.zarr" }

  /// The name of an array in the store, for example `depth=30/ntk_train`.
  static func array(_ variant: String, _ kernel: String, _ part: String) -> String {
    (variant.isEmpty ? "" : variant + "/") + "\(kernel)_\(part)"
  }

  /// A result of one stage, for example `RUN/spectrum/depth=30/ntk.npy`.
  func result(_ stage: String, _ variant: String, _ file: String) -> String {
    folder(stage, variant) + "/" + file
  }

  /// The folder of a stage's results.
  func folder(_ stage: String, _ variant: String) -> String {
    "\(path)/\(stage)" + (variant.isEmpty ? "" : "/" + variant)
  }
}
