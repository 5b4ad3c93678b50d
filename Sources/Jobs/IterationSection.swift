import JobDocuments

/// A job's `prediction.cg`: settings of the conjugate gradients that solve the regression.
public struct IterationSection: Sendable, Equatable {
  /// The number of columns of the preconditioner; nil for as many as are worthwhile and fit into memory.
  public var rank: Int?
  /// Where the tiles of the kernel are kept while it is multiplied.
  public var tiles: Tiles
  /// A solution is good if its residual divided by the targets, in Euclidean norms, is at most this.
  public var tolerance: Double
  /// A solution is good if a refinement changes every prediction by less than this.
  public var settled: Double
  /// The maximum number of iterations.
  public var iterations: Int
  /// The seconds between saved states.
  public var checkpoint: Double

  /// Where tiles are kept.
  public enum Tiles: String, Sendable, CaseIterable {
    /// The program chooses and reports why.
    case auto
    /// In the ranks' memory, in single precision.
    case f32
    /// In the ranks' memory, in double precision.
    case f64
    /// On the disk.
    case store
  }

  /// The defaults.
  public init() {
    (rank, tiles) = (nil, .auto)
    (tolerance, settled, iterations, checkpoint) = (1e-8, 1e-6, 2_000, 600)
  }
}

extension IterationSection {
  static let keys = SectionKeys<IterationSection>([
    Key(
      "rank", optional: \.rank, .count(atLeast: 1), absent: .words("as many as pay and fit"),
      "Columns of the preconditioner, a partial Cholesky factorization with pivots drawn at random."
    ),
    Key(
      "tiles", \.tiles, .choice,
      "Where the kernel is while it is multiplied: in memory in `f32` or `f64`, or in the `store`, which "
        + "is read in each iteration. Residuals are in f64 in any case. `auto` chooses and says why."
    ),
    Key(
      "tolerance", \.tolerance, .number(in: 1e-15..<1),
      "The norm of the residual over that of the targets at which a solution is good."),
    Key(
      "settled", \.settled, .number(atLeast: 0),
      "A solution is good as well if a refinement changes no prediction by more than this."),
    Key(
      "iterations", \.iterations, .count(atLeast: 1),
      "The most iterations; a solution that is not good then is a failure."),
    Key(
      "checkpoint", \.checkpoint, .number(atLeast: 0), unit: "seconds",
      "Time between the saved states, from which `--resume` continues."),
  ])

  static let form = keys.form(from: IterationSection())
}
