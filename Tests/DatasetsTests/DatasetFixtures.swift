import Datasets
import Foundation
import NumPyFiles

/// A folder that exists for the length of one test.
func withDataFolder(_ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("ntk-dist-data-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try body(folder)
}

/// The error of opening and loading a request, nil if there is none.
func error(of request: DatasetRequest, algebra: JacobiAlgebra = .init()) -> DatasetError? {
  do throws(DatasetError) {
    _ = try DatasetPlan(opening: request).load(algebra: algebra)
    return nil
  } catch { return error }
}

/// Images and labels in memory.
struct Dataset: Equatable {
  /// Shape [training + test images, D], training images first.
  var images: [Double]
  let shape: ImageShape
  let trainCount: Int
  let testCount: Int
  let trainLabels: [Int]
  let testLabels: [Int]
  let classes: Int
  var digest: UInt64
}

extension DatasetPlan {
  /// The images in memory of their own.
  func load(algebra: JacobiAlgebra) throws(DatasetError) -> Dataset {
    var data = Dataset(
      images: [Double](repeating: 0, count: elementCount), shape: shape, trainCount: trainCount,
      testCount: testCount, trainLabels: trainLabels, testLabels: testLabels, classes: classes,
      digest: 0)
    data.digest = try data.images.withUnsafeMutableBufferPointer { (buffer) throws(DatasetError) in
      try load(into: buffer, algebra: algebra)
    }
    return data
  }
}

/// Opens and loads a request.
func load(
  _ source: DataSource, train: Selection = .all, test: Selection = .all,
  _ preprocessing: Preprocessing = .none
) throws -> Dataset {
  try DatasetPlan(
    opening: .init(source: source, train: train, test: test, preprocessing: preprocessing)
  ).load(algebra: JacobiAlgebra())
}

/// Pixel (channel, row, column) of record `index` of a fixture folder, any bytes that tell them apart.
func fixtureByte(_ index: Int, _ channel: Int, _ row: Int, _ column: Int) -> UInt8 {
  UInt8((index * 31 + channel * 101 + row * 7 + column * 3) % 256)
}

/// Writes a folder in CIFAR-10's binary layout: training records 0, 1, ... over five files of
/// `perBatch`, then `test` test records that count on from 1000; label = index % 10.
func writeFixture(_ folder: String, perBatch: [Int], test: Int) throws {
  func records(_ range: Range<Int>) -> Data {
    var data = Data()
    for index in range {
      data.append(UInt8(index % 10))
      for channel in 0..<3 {
        for row in 0..<32 {
          for column in 0..<32 { data.append(fixtureByte(index, channel, row, column)) }
        }
      }
    }
    return data
  }
  var first = 0
  for (b, count) in perBatch.enumerated() {
    try records(first..<first + count)
      .write(to: URL(fileURLWithPath: folder + "/data_batch_\(b + 1).bin"))
    first += count
  }
  try records(1000..<1000 + test).write(to: URL(fileURLWithPath: folder + "/test_batch.bin"))
}

/// Writes labels as a .npy file of type |u1.
func writeLabels(_ labels: [UInt8], to path: String, shape: String? = nil) throws {
  let text = Array(
    "{'descr': '|u1', 'fortran_order': False, 'shape': (\(shape ?? "\(labels.count),"))}\n".utf8)
  try Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text + labels)
    .write(to: URL(fileURLWithPath: path))
}
