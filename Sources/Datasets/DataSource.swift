/// Where the images of a job come from.
public enum DataSource: Equatable, Sendable {
  /// A folder with CIFAR-10's binary version: data_batch_1.bin to data_batch_5.bin, test_batch.bin.
  case cifar10(path: String)
  /// Generated images in CIFAR-10's format; `train` and `test` are how many there are.
  case synthetic(seed: UInt64, train: Int, test: Int)
  /// NumPy files: images [N, H, W, C] or [N, D] of any type read, labels [N] of an integer type.
  /// Without `test` there are no test images; without labels there are none.
  case arrays(train: String, test: String?, trainLabels: String?, testLabels: String?)
  /// No images: .npy files of the labels [N], of an integer type, of points whose kernel is known.
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

  /// Numbers per image, D.
  public var dimension: Int {
    switch self {
    case .spatial(let height, let width, let channels): height * width * channels
    case .flat(let dimension): dimension
    }
  }

  /// The channels whose mean and deviation `standardize` takes; one for flat features.
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

  /// As NumPy writes a shape.
  public var description: String {
    switch self {
    case .spatial(let height, let width, let channels): "(\(height), \(width), \(channels))"
    case .flat(let dimension): "(\(dimension),)"
    }
  }
}
