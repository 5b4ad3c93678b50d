import NumPyFiles

/// The interface of all sources of images. A new source only needs to conform to it.
protocol ImageSource: Sendable {
  /// The origin of the images, for messages.
  var name: String { get }
  /// The shape of one image.
  var shape: ImageShape { get }
  /// Number of classes; 0 without labels.
  var classes: Int { get }
  /// Number of images.
  func count(of split: Split) -> Int
  /// Labels of the first `count` images, within 0..<classes; empty without labels.
  func labels(of split: Split, first count: Int) throws(DatasetError) -> [Int]
  /// Writes the images with these official indices one after the other, as `indices.count` rows.
  func read(
    _ indices: [Int], of split: Split, into rows: UnsafeMutableBufferPointer<Double>
  ) throws(DatasetError)
}

extension DataSource {
  /// Opens the source; `uses` says from which splits the job takes images.
  func open(uses: (Split) -> Bool) throws(DatasetError) -> any ImageSource {
    switch self {
    case .cifar10(let path):
      try CIFAR10Folder(path: path, usesTest: uses(.test))
    case .synthetic(let seed, let train, let test):
      try SyntheticImages(seed: seed, train: train, test: test)
    case .arrays(let train, let test, let trainLabels, let testLabels):
      try ArrayFiles(
        train: .init(images: train, labels: trainLabels),
        test: uses(.test) ? test.map { .init(images: $0, labels: testLabels) } : nil)
    case .labels: throw .noImages
    }
  }
}

/// Runs a body that reads or writes a file and converts its errors to the error type of this module.
func onFile<Result: ~Copyable>(
  _ body: () throws(NumPyError) -> Result
) throws(DatasetError) -> Result {
  do throws(NumPyError) {
    return try body()
  } catch {
    throw .file(error)
  }
}
