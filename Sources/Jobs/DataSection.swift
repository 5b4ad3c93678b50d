/// A job's `data`: which images, of which source, and what is done to them.
public struct DataSection: Sendable, Equatable {
  /// Where the images come from.
  public var source: Source
  /// The training images used.
  public var train: SelectionSection
  /// The test images used; `.empty` where no prediction is asked.
  public var test: SelectionSection
  /// The edge of the blocks of pixels that are averaged to one; 1 for images as they are.
  public var reduction = 1
  /// What is done to the images after that.
  public var preprocessing: PreprocessingSection

  /// Where the images come from. Relative paths are relative to the working directory.
  public enum Source: Sendable, Equatable {
    /// A folder with CIFAR-10's binary version.
    case cifar10(path: String)
    /// Generated images; `train` and `test` are how many there are to select from.
    case synthetic(seed: UInt64, train: Int, test: Int)
    /// NumPy files.
    case arrays(train: String, test: String?, trainLabels: String?, testLabels: String?)
  }

  /// A section with its parts.
  public init(
    source: Source, train: SelectionSection = .all, test: SelectionSection = .empty,
    preprocessing: PreprocessingSection = .standardize
  ) {
    self.source = source
    self.train = train
    self.test = test
    self.preprocessing = preprocessing
  }
}

/// Which images of a split are used.
public struct SelectionSection: Sendable, Equatable {
  /// How many; nil for all there are.
  public var count: Int?
  /// The seed of a random draw; nil for the first so many in official order.
  public var seed: UInt64?
  /// Whether every class is drawn equally often; then there is a seed.
  public var balanced: Bool

  /// The first `count`, or a draw where there is a seed.
  public init(count: Int?, seed: UInt64? = nil, balanced: Bool = false) {
    self.count = count
    self.seed = seed
    self.balanced = balanced
  }

  /// Every image in official order.
  public static let all = SelectionSection(count: nil)
  /// No image.
  public static let empty = SelectionSection(count: 0)
}

/// What is done to the images before a kernel sees them.
public enum PreprocessingSection: Sendable, Equatable {
  /// Nothing.
  case none
  /// Mean 0 and deviation 1 per channel over the training images used.
  case standardize
  /// Norm sqrt(D) per image.
  case unitNorm
  /// Whitening; the regularization is relative to the mean eigenvalue.
  case zca(regularization: Double)

  /// The regularization where a job says only `zca`.
  public static let defaultRegularization = 0.1
}
