import Failures
import NumPyFiles

/// Why the images of a job are not available.
public enum DatasetError: Failure, Equatable, Sendable {
  /// The folder of a data set does not exist or is not a folder; `hint` says what exists instead.
  case missingFolder(path: String, hint: String?)
  /// A file of the data set is not in its folder.
  case missingBatch(path: String, hint: String?)
  /// A batch does not consist of whole records.
  case truncatedBatch(path: String, bytes: Int, record: Int)
  /// A batch is a file of another kind.
  case foreignBatch(path: String, looksLike: String)
  /// The label of a record is not a label of CIFAR-10.
  case badLabel(path: String, record: Int, label: Int)
  /// The source holds fewer images than requested.
  case tooFewImages(split: Split, asked: Int, source: String, held: Int)
  /// The data consist of labels alone, and images are needed.
  case noImages
  /// A count below zero.
  case negativeCount(split: Split, count: Int)
  /// No training image is requested.
  case noTrainingImages
  /// A balanced draw with a count that is not a multiple of the number of classes.
  case unbalanceable(split: Split, count: Int, classes: Int)
  /// A balanced draw finds too few images of one class.
  case tooFewOfClass(split: Split, label: Int, asked: Int, source: String, held: Int)
  /// Labels are needed, but none are given.
  case noLabels(split: Split, source: String)
  /// An array of images or labels has an unusable shape, type or value.
  case badArray(path: String, problem: String)
  /// An image holds NaN or an infinity.
  case notFinite(path: String, image: Int, value: Double)
  /// The largest value of an image is so large or small that squares leave the range of float64.
  case badScale(source: String, split: Split, image: Int, largest: Double)
  /// Images that cannot be cut into blocks of edge x edge pixels.
  case reduction(shape: ImageShape, edge: Int)
  /// The ZCA transform does not exist for these images.
  case zca(problem: String)
  /// The buffer for the images does not have the size that the plan requires.
  case wrongBuffer(needed: Int, given: Int)
  /// A file could not be read or written.
  case file(NumPyError)

  /// The kind of failure.
  public var kind: FailureKind {
    switch self {
    case .missingFolder, .missingBatch: .missingInput
    case .tooFewImages, .noImages, .negativeCount, .noTrainingImages, .unbalanceable,
      .tooFewOfClass,
      .noLabels:
      .badJob
    case .file(let error): error.kind
    case .wrongBuffer: .internal
    default: .badData
    }
  }

  /// One sentence that names the object, the value and what to do.
  public var description: String {
    switch self {
    case .missingFolder(let path, let hint):
      "data folder \(path) \(hint ?? "does not exist; correct data.cifar10")"
    case .missingBatch(let path, let hint):
      "\(path) does not exist; \(hint ?? "unpack cifar-10-binary.tar.gz again")"
    case .truncatedBatch(let path, let bytes, let record):
      "\(path) has \(bytes) bytes, which is not a whole number of records of \(record); "
        + "unpack cifar-10-binary.tar.gz again"
    case .foreignBatch(let path, let looksLike):
      "\(path) is not CIFAR-10's binary version (it looks like \(looksLike)); "
        + "unpack cifar-10-binary.tar.gz"
    case .badLabel(let path, let record, let label):
      "record \(record) of \(path) has label \(label) where CIFAR-10 has 0 to 9; "
        + "unpack cifar-10-binary.tar.gz again"
    case .tooFewImages(let split, let asked, let source, let held):
      "data.\(split.rawValue) asks for \(asked) images, \(source) holds \(held); ask for fewer"
    case .noImages:
      "data has labels alone, and a network needs images; give data one of cifar10, synthetic and arrays"
    case .negativeCount(let split, let count):
      "data.\(split.rawValue) asks for \(count) images; give a count of 0 or more"
    case .noTrainingImages:
      "data.train asks for 0 images; ask for at least one"
    case .unbalanceable(let split, let count, let classes):
      "data.\(split.rawValue) asks for a balanced draw of \(count) images of \(classes) classes; "
        + "ask for a multiple of \(classes)"
    case .tooFewOfClass(let split, let label, let asked, let source, let held):
      "data.\(split.rawValue) asks for \(asked) images of each class, \(source) holds \(held) of "
        + "class \(label); ask for fewer"
    case .noLabels(let split, let source):
      "a balanced draw of data.\(split.rawValue) needs labels, and \(source) has none; "
        + "give data.arrays.\(split.rawValue)_labels"
    case .badArray(let path, let problem):
      "\(path) \(problem)"
    case .notFinite(let path, let image, let value):
      "image \(image) of \(path) holds \(value); remove or replace that image"
    case .badScale(let source, let split, let image, let largest):
      "the largest number of \(split.rawValue) image \(image) of \(source) is \(largest); scale the "
        + "images so that it is between 1e-100 and 1e100, or use preprocessing: unit_norm"
    case .reduction(let shape, let edge):
      "data.reduce asks for means over \(edge) x \(edge) pixels, and an image has the shape "
        + "\(shape); give a number that divides its height and width"
    case .zca(let problem):
      "zca preprocessing is not possible: \(problem)"
    case .wrongBuffer(let needed, let given):
      "the images need a buffer of \(needed) doubles, and one of \(given) was given"
    case .file(let error):
      error.description
    }
  }
}
