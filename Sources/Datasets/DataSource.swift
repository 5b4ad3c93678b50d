/// The source of a job's images.
public enum DataSource: Equatable, Sendable {
  /// A folder with CIFAR-10's binary version: data_batch_1.bin to data_batch_5.bin, test_batch.bin.
  case cifar10(path: String)
  /// Generated images in the format of CIFAR-10; `train` and `test` are their numbers.
  case synthetic(seed: UInt64, train: Int, test: Int)
  /// NumPy files: images [N, H, W, C] or [N, D] of any supported type, and labels [N] of an integer
  /// type. `test` and the labels are optional.
  case arrays(train: String, test: String?, trainLabels: String?, testLabels: String?)
  /// No images, only .npy files with the labels [N], of an integer type, of points whose kernel is known.
  case labels(train: String?, test: String?)
}

/// The two parts of a data set.
public enum Split: String, CaseIterable, Sendable {
  /// The images that kernels are regressed on.
  case train
  /// The images that predictions are made for.
  case test
}

/// The shape of one image.
public enum ImageShape: Equatable, Sendable, CustomStringConvertible {
  /// Height, width and channels, in the order of memory.
  case spatial(height: Int, width: Int, channels: Int)
  /// Features without a spatial order.
  case flat(Int)

  /// The number of values per image, D.
  public var dimension: Int {
    switch self {
    case .spatial(let height, let width, let channels): height * width * channels
    case .flat(let dimension): dimension
    }
  }

  /// The number of channels for which `standardize` computes a mean and a deviation; one for flat features.
  public var channels: Int {
    if case .spatial(_, _, let channels) = self { channels } else { 1 }
  }

  /// [H, W, C] or [D].
  package var sizes: [Int] {
    switch self {
    case .spatial(let height, let width, let channels): [height, width, channels]
    case .flat(let features): [features]
    }
  }

  /// The shape as NumPy writes it.
  public var description: String {
    switch self {
    case .spatial(let height, let width, let channels): "(\(height), \(width), \(channels))"
    case .flat(let dimension): "(\(dimension),)"
    }
  }
}
