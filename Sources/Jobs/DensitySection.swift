import JobDocuments

/// A job's `density`: the spectral density of each kernel and traces of its functions, with error bars.
public struct DensitySection: Sendable, Equatable {
  /// The number of random vectors that the kernel is multiplied with.
  public var probes: Int
  /// The number of products with each vector.
  public var steps: Int
  /// The regularizations r at which log det (K + r m I) and the effective dimension are computed,
  /// in units of the mean m of the kernel's diagonal.
  public var regularization: [Double]
  /// Where the tiles of the kernel are kept while it is multiplied.
  public var tiles: IterationSection.Tiles

  /// The defaults.
  public init() {
    (probes, steps, tiles) = (16, 100, .auto)
    regularization = [1e-4, 1e-3, 1e-2, 1e-1]
  }
}

extension DensitySection {
  static let keys = SectionKeys<DensitySection>([
    Key(
      "probes", \.probes, .count(atLeast: 2, atMost: 10_000),
      "Random vectors; the errors fall with the root of their number."),
    Key(
      "steps", \.steps, .count(atLeast: 1, atMost: 10_000),
      "Products with each of them: what the density resolves."),
    Key(
      "regularization", \.regularization,
      .list(
        of: .number(above: 0), "numbers above 0", example: "[1.0e-4, 1.0e-2]", isEmptyAllowed: true),
      "Regularizations at which the logarithm of the determinant and the effective dimension are "
        + "computed, in units of the mean of the kernel's diagonal."),
    Key(
      "tiles", \.tiles, .choice,
      "Where the kernel is while it is multiplied: in memory in `f32` or `f64`, or in the `store`. "
        + "`auto` takes the most exact that fits."),
  ])

  static let form = keys.form(from: DensitySection())
}
