import Glibc
import NumPyFiles

/// The binary version of CIFAR-10. Its files consist of records of one label byte and 3072 pixel
/// bytes in the order (channel, row, column).
///
/// A file may hold any number of whole records, so a folder can be a subset of the official one.
/// Source: https://www.cs.toronto.edu/~kriz/cifar.html.
struct CIFAR10Folder: ImageSource {
  static let side = 32
  static let channels = 3
  static let pixels = side * side
  static let record = 1 + channels * pixels
  static let trainFiles = (1...5).map { "data_batch_\($0).bin" }
  static let testFile = "test_batch.bin"

  let name: String
  var shape: ImageShape { .spatial(height: Self.side, width: Self.side, channels: Self.channels) }
  var classes: Int { 10 }

  /// A batch file and the official index of its first record.
  private struct Batch: Sendable {
    let path: String
    let first: Int
    let count: Int
  }
  private let train: [Batch]
  private let test: [Batch]

  /// Finds the files and checks that each consists of whole records. The test batch is needed only
  /// if the job uses test images.
  init(path: String, usesTest: Bool) throws(DatasetError) {
    name = path
    try Self.checkFolder(path)
    train = try Self.batches(Self.trainFiles, in: path)
    test = usesTest ? try Self.batches([Self.testFile], in: path) : []
  }

  func count(of split: Split) -> Int { batches(of: split).reduce(0) { $0 + $1.count } }

  private func batches(of split: Split) -> [Batch] { split == .train ? train : test }

  func labels(of split: Split, first count: Int) throws(DatasetError) -> [Int] {
    var labels: [Int] = []
    labels.reserveCapacity(count)
    for batch in batches(of: split) where batch.first < count {
      let file = try onFile { () throws(NumPyError) in try DataFile(path: batch.path) }
      var byte: UInt8 = 0
      for record in 0..<min(batch.count, count - batch.first) {
        try onFile { () throws(NumPyError) in
          try withUnsafeMutableBytes(of: &byte) { (bytes) throws(NumPyError) in
            try file.read(into: bytes, at: record * Self.record)
          }
        }
        guard byte < 10 else {
          throw .badLabel(path: batch.path, record: record, label: Int(byte))
        }
        labels.append(Int(byte))
      }
    }
    return labels
  }

  func read(
    _ indices: [Int], of split: Split, into rows: UnsafeMutableBufferPointer<Double>
  ) throws(DatasetError) {
    var planes = [UInt8](repeating: 0, count: Self.record - 1)
    let dimension = shape.dimension
    // Open each file once. The images in it are read in the requested order, official or drawn.
    for batch in batches(of: split) {
      let range = batch.first..<batch.first + batch.count
      let file = try onFile { () throws(NumPyError) in try DataFile(path: batch.path) }
      for (row, index) in indices.enumerated() where range.contains(index) {
        try onFile { () throws(NumPyError) in
          try planes.withUnsafeMutableBufferPointer { (bytes) throws(NumPyError) in
            try file.read(
              into: UnsafeMutableRawBufferPointer(bytes),
              at: (index - batch.first) * Self.record + 1)
          }
        }
        Self.interleave(
          planes, into: .init(rebasing: rows[row * dimension..<(row + 1) * dimension]))
      }
    }
  }

  /// Reorders (channel, row, column) bytes to (row, column, channel) doubles in 0...1.
  static func interleave(_ planes: [UInt8], into row: UnsafeMutableBufferPointer<Double>) {
    planes.withUnsafeBufferPointer { planes in
      for pixel in 0..<pixels {
        for channel in 0..<channels {
          row[pixel * channels + channel] = Double(planes[channel * pixels + pixel]) / 255
        }
      }
    }
  }

  private static func checkFolder(_ path: String) throws(DatasetError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .missingFolder(path: path, hint: nil) }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw .missingFolder(
        path: path, hint: "is a file; unpack cifar-10-binary.tar.gz and name its folder")
    }
  }

  private static func batches(
    _ names: [String], in folder: String
  ) throws(DatasetError) -> [Batch] {
    var first = 0
    var batches: [Batch] = []
    for name in names {
      let path = folder + "/" + name
      guard access(path, F_OK) == 0 else {
        throw .missingBatch(path: path, hint: hint(forMissing: name, in: folder))
      }
      let file = try onFile { () throws(NumPyError) in try DataFile(path: path) }
      // A label is at most 9, and no signature of another file type begins with such a small byte.
      let head = try onFile { () throws(NumPyError) in try file.head(8) }
      if let kind = FileSignature.name(of: head) {
        throw .foreignBatch(path: path, looksLike: kind)
      }
      guard file.size % record == 0 else {
        throw .truncatedBatch(path: path, bytes: file.size, record: record)
      }
      batches.append(Batch(path: path, first: first, count: file.size / record))
      first += file.size / record
    }
    return batches
  }

  /// What the folder seems to be, if there is a common cause for the missing file; otherwise nil.
  private static func hint(forMissing name: String, in folder: String) -> String? {
    if access(folder + "/" + name.dropLast(4), F_OK) == 0 {
      return "the folder holds the Python version; take cifar-10-binary.tar.gz"
    }
    if access(folder + "/cifar-10-batches-bin", F_OK) == 0 {
      return "name the folder \(folder)/cifar-10-batches-bin"
    }
    if access(folder + "/train.bin", F_OK) == 0 {
      return "the folder looks like CIFAR-100's; take cifar-10-binary.tar.gz"
    }
    return nil
  }
}
