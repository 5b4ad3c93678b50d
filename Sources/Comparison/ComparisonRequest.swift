import Jobs

/// The options of `ntk-dist compare`.
public struct ComparisonRequest: Sendable {
  /// The run folders, two or more.
  public var runs: [String]
  /// The folder of the results.
  public var output: String
  /// The kernel of all runs, or one for each run; empty for the default kernel of each run.
  public var kernels: [KernelKind]
  /// The variant of all runs, or one for each run; empty if each run has only one.
  public var variants: [String]
  /// The maximum number of eigenvectors per kernel.
  public var vectors: Int
  /// Whether to write into a folder that has other files.
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
