import Jobs

/// What `ntk-dist compare` was asked.
public struct ComparisonRequest: Sendable {
  /// The run folders, two or more.
  public var runs: [String]
  /// The folder of the results.
  public var output: String
  /// The kernel of all runs, or of each; empty for the one that a run has.
  public var kernels: [KernelKind]
  /// The variant of all runs, or of each; empty for the only one.
  public var variants: [String]
  /// Most eigenvectors of a kernel.
  public var vectors: Int
  /// Whether a folder with other files will do.
  public var overwrites: Bool

  /// A request.
  public init(
    runs: [String], output: String, kernels: [KernelKind], variants: [String], vectors: Int,
    overwrites: Bool
  ) {
    self.runs = runs
    self.output = output
    self.kernels = kernels
    self.variants = variants
    self.vectors = vectors
    self.overwrites = overwrites
  }
}
