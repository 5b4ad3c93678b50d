/// What a job says about its data.
public struct DatasetRequest: Equatable, Sendable {
  /// Where the images come from.
  public var source: DataSource
  /// The training images used.
  public var train: Selection
  /// The test images used.
  public var test: Selection
  /// The edge of the blocks of pixels that are averaged to one; 1 for images as they are.
  public var reduction: Int
  /// What is done to the images after that.
  public var preprocessing: Preprocessing

  /// A request; by default every image, as it is.
  public init(
    source: DataSource, train: Selection = .all, test: Selection = .all,
    reduction: Int = 1, preprocessing: Preprocessing = .none
  ) {
    self.source = source
    self.train = train
    self.test = test
    self.reduction = reduction
    self.preprocessing = preprocessing
  }
}

/// What is done to the images before a kernel sees them.
public enum Preprocessing: Equatable, Sendable {
  /// Nothing.
  case none
  /// Per channel (per array, for flat features) less the mean, over the standard deviation, both of
  /// the training images used, divisor n. A channel without deviation is centered only.
  case standardize
  /// Per image over its norm times sqrt(D), so that the mean square is one. A black image stays so.
  case unitNorm
  /// Features less their training mean, times U (S + regularization mean(S))^(-1/2) U', where
  /// U S U' = X'X/n of the centered training images. Source: Nguyen, Chen, Lee, arXiv:2011.00050.
  case zca(regularization: Double)
}

extension Preprocessing {
  /// The preprocessing in fingerprints and summaries, which do not change.
  package var text: String {
    switch self {
    case .none: return "none"
    case .standardize: return "standardize"
    case .unitNorm: return "unit_norm"
    case .zca(let regularization): return "zca(regularization=\(regularization))"
    }
  }
}
