/// The opened data of a job. Its counts, shape and labels are known, but its images have not been read.
public struct DatasetPlan: Sendable {
  /// The request of the job.
  public let request: DatasetRequest
  /// The shape of one image.
  public let shape: ImageShape
  /// The number of classes: 10 for CIFAR-10 and synthetic images, the largest label plus one for
  /// arrays, and 0 without labels.
  public let classes: Int
  /// Official indices of the training images used, in order.
  public let trainIndices: [Int]
  /// Official indices of the test images used, in order.
  public let testIndices: [Int]
  /// Labels of the training images used, in order; empty without labels.
  public let trainLabels: [Int]
  /// Labels of the test images used, in order; empty without labels.
  public let testLabels: [Int]
  private let source: any ImageSource

  /// Number of training images.
  public var trainCount: Int { trainIndices.count }
  /// Number of test images.
  public var testCount: Int { testIndices.count }
  /// The number of values per image, D.
  public var dimension: Int { shape.dimension }
  /// The number of doubles that `load(into:)` fills: (trainCount + testCount) D.
  public var elementCount: Int { (trainCount + testCount) * dimension }

  /// Finds the files, checks their sizes and headers, reads the labels and draws the selections.
  ///
  /// Errors: every case of `DatasetError` except notFinite, zca and wrongBuffer.
  public init(opening request: DatasetRequest) throws(DatasetError) {
    self.request = request
    for (split, selection) in [(Split.train, request.train), (.test, request.test)] {
      if let count = selection.count, count < 0 { throw .negativeCount(split: split, count: count) }
    }
    var source = try request.source.open { split in
      (split == .train ? request.train : request.test).count != 0
    }
    if request.reduction != 1 { source = try ReducedImages(source, edge: request.reduction) }
    self.source = source
    shape = source.shape
    classes = source.classes
    (trainIndices, trainLabels) = try Self.select(request.train, of: .train, from: source)
    (testIndices, testLabels) = try Self.select(request.test, of: .test, from: source)
    guard !trainIndices.isEmpty else { throw .noTrainingImages }
  }

  private static func select(
    _ selection: Selection, of split: Split, from source: any ImageSource
  ) throws(DatasetError) -> (indices: [Int], labels: [Int]) {
    let available = source.count(of: split)
    let reach = min(selection.reach(of: available), available)
    let labels = try source.labels(of: split, first: reach)
    let indices = try selection.indices(
      available: available, labels: labels, classes: source.classes, split: split,
      source: source.name)
    return (indices, labels.isEmpty ? [] : indices.map { labels[$0] })
  }

  /// Reads the images into the caller's memory, training images first, and preprocesses them.
  ///
  /// `images` has shape [trainCount + testCount, D]; an image is in the order (row, column,
  /// channel). Only ZCA uses `algebra`. Returns the fingerprint of the raw images and labels,
  /// before preprocessing.
  ///
  /// Local: one rank of a node calls this. Precondition: `images` has `elementCount` doubles,
  /// otherwise wrongBuffer. Errors: file, badLabel, notFinite, badScale, zca.
  public func load(
    into images: UnsafeMutableBufferPointer<Double>, algebra: some LinearAlgebra
  ) throws(DatasetError) -> UInt64 {
    guard images.count == elementCount else {
      throw .wrongBuffer(needed: elementCount, given: images.count)
    }
    let trainElements = trainCount * dimension
    try source.read(trainIndices, of: .train, into: .init(rebasing: images[..<trainElements]))
    try source.read(testIndices, of: .test, into: .init(rebasing: images[trainElements...]))
    let rows = ImageRows(
      values: images, trainCount: trainCount, testCount: testCount, shape: shape)
    var digest = digestOfLabels
    digest.take(images)
    // The unit norm removes the scale of each image before it squares anything.
    if request.preprocessing != .unitNorm { try checkScale(rows) }
    switch request.preprocessing {
    case .none: break
    case .standardize: rows.standardize()
    case .unitNorm: rows.normalize()
    case .zca(let regularization):
      try ZCATransform(regularization: regularization, algebra: algebra).apply(to: rows)
    }
    return digest.value
  }

  /// The fingerprint that `load` returns, computed by reading the images once more without keeping them.
  ///
  /// Local. nil for generated images, because they depend only on the request. Errors: file, badLabel, notFinite.
  public func digest() throws(DatasetError) -> UInt64? {
    if case .synthetic = request.source { return nil }
    let batch = 256
    var digest = digestOfLabels
    var images = [Double](repeating: 0, count: batch * dimension)
    for (split, indices) in [(Split.train, trainIndices), (.test, testIndices)] {
      for first in stride(from: 0, to: indices.count, by: batch) {
        let part = Array(indices[first..<min(first + batch, indices.count)])
        try images.withUnsafeMutableBufferPointer { (buffer) throws(DatasetError) in
          let rows = UnsafeMutableBufferPointer(rebasing: buffer[..<(part.count * dimension)])
          try source.read(part, of: split, into: rows)
          digest.take(rows)
        }
      }
    }
    return digest.value
  }

  /// The allowed range of the largest value of an image, unless it is 0. The squares of other
  /// values would leave the range of float64.
  private static let scales = 1e-100...1e100

  /// Throws if the largest value of an image is out of range. Errors: badScale.
  private func checkScale(_ rows: ImageRows) throws(DatasetError) {
    guard case .arrays = request.source else { return }
    for index in 0..<rows.count {
      let largest = rows.row(index).reduce(0) { max($0, abs($1)) }
      guard largest != 0, !Self.scales.contains(largest) else { continue }
      let isTrain = index < trainCount
      throw .badScale(
        source: source.name, split: isTrain ? .train : .test,
        image: isTrain ? trainIndices[index] : testIndices[index - trainCount], largest: largest)
    }
  }

  private var digestOfLabels: ImageDigest {
    var digest = ImageDigest()
    let labels = trainLabels + testLabels
    for count in [trainCount, testCount, dimension, labels.count] { digest.take(UInt64(count)) }
    for label in labels { digest.take(UInt64(bitPattern: Int64(label))) }
    return digest
  }
}
