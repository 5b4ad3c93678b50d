/// The part of a job that describes its data.
public struct DatasetRequest: Equatable, Sendable {
  /// The source of the images.
  public var source: DataSource
  /// The training images used.
  public var train: Selection
  /// The test images used.
  public var test: Selection
  /// The edge of the blocks of pixels that are averaged to one pixel; 1 to keep the images as they are.
  public var reduction: Int
  /// The preprocessing, which is applied after the reduction.
  public var preprocessing: Preprocessing

  /// Creates a request; by default it asks for every image without changes.
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

/// The preprocessing of the images before a kernel uses them.
public enum Preprocessing: Equatable, Sendable {
  /// No preprocessing.
  case none
  /// Subtracts the mean of each channel (for flat features, of the whole array) and divides by its
  /// standard deviation. Both are computed over the training images used, with divisor n. A channel
  /// without deviation is only centered.
  case standardize
  /// Divides each image by its norm and multiplies it by sqrt(D), so that its mean square is one. A
  /// black image stays black.
  case unitNorm
  /// Subtracts the training mean of the features and multiplies them by
  /// U (S + regularization mean(S))^(-1/2) U', where U S U' = X'X/n of the centered training images.
  /// Source: Nguyen, Chen, Lee, arXiv:2011.00050.
  case zca(regularization: Double)
}

extension Preprocessing {
  /// The preprocessing as text for fingerprints and summaries; this text must not change.
  package var text: String {
    switch self {
    case .none: return "none"
    case .standardize: return "standardize"
    case .unitNorm: return "unit_norm"
    case .zca(let regularization): return "zca(regularization=\(regularization))"
    }
  }
}
