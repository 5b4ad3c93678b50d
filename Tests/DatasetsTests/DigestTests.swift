import Datasets
import Foundation
import NumPyFiles
import Testing

@Suite struct DigestTests {
  @Test("the digest is that of the loaded images, and a changed image changes it")
  func digest() throws {
    try withDataFolder { folder in
      try writeFixture(folder, perBatch: [70, 70, 70, 70, 70], test: 20)
      let request = DatasetRequest(
        source: .cifar10(path: folder), train: .drawn(count: 300, seed: 1, balanced: true),
        reduction: 2, preprocessing: .standardize)
      let plan = try DatasetPlan(opening: request)
      let before = try plan.digest()
      #expect(try before == plan.load(algebra: JacobiAlgebra()).digest)
      let path = folder + "/test_batch.bin"
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      bytes[3073 * 7 + 100] ^= 1
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(try DatasetPlan(opening: request).digest() != before)
    }
  }

  @Test("generated images cannot change, and arrays can")
  func sources() throws {
    #expect(
      try DatasetPlan(opening: .init(source: .synthetic(seed: 1, train: 5, test: 0))).digest()
        == nil)
    try withDataFolder { folder in
      let path = folder + "/x.npy"
      let request = DatasetRequest(
        source: .arrays(train: path, test: nil, trainLabels: nil, testLabels: nil))
      try NumPyArray.write([1.0, 2, 3, 4], shape: [2, 2], to: path)
      let before = try DatasetPlan(opening: request).digest()
      try NumPyArray.write([1.0, 2, 3, 4.5], shape: [2, 2], to: path)
      #expect(try DatasetPlan(opening: request).digest() != before)
    }
  }
}
