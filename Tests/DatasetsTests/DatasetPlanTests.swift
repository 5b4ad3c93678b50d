import Datasets
import Foundation
import Testing

@Suite struct DatasetPlanTests {
  private let source = DataSource.synthetic(seed: 2, train: 30, test: 10)

  @Test("the plan's numbers are those of the data it loads into memory of the caller's")
  func loadInto() throws {
    let plan = try DatasetPlan(
      opening: .init(source: source, train: .first(20), preprocessing: .standardize))
    #expect(plan.trainCount == 20 && plan.testCount == 10 && plan.elementCount == 30 * 3072)
    let window = UnsafeMutableBufferPointer<Double>.allocate(capacity: plan.elementCount)
    defer { window.deallocate() }
    window.initialize(repeating: .nan)
    let digest = try plan.load(into: window, algebra: JacobiAlgebra())
    let data = try plan.load(algebra: JacobiAlgebra())
    #expect(Array(window) == data.images && digest == data.digest)
    #expect(throws: DatasetError.wrongBuffer(needed: 92160, given: 92159)) {
      try plan.load(into: .init(rebasing: window.dropLast()), algebra: JacobiAlgebra())
    }
  }

  @Test("reduced images are means over blocks of pixels, channel by channel")
  func reduced() throws {
    let whole = try DatasetPlan(opening: .init(source: source)).load(algebra: JacobiAlgebra())
    let plan = try DatasetPlan(opening: .init(source: source, reduction: 8))
    let reduced = try plan.load(algebra: JacobiAlgebra())
    #expect(plan.shape == .spatial(height: 4, width: 4, channels: 3))
    #expect(reduced.images.count == 40 * 48 && reduced.digest != whole.digest)
    #expect(reduced.trainLabels == whole.trainLabels)
    for (image, y, x, channel) in [(0, 0, 0, 0), (3, 2, 1, 2), (39, 3, 3, 1)] {
      var sum = 0.0
      for row in y * 8..<(y + 1) * 8 {
        for column in x * 8..<(x + 1) * 8 {
          sum += whole.images[image * 3072 + (row * 32 + column) * 3 + channel]
        }
      }
      #expect(abs(reduced.images[image * 48 + (y * 4 + x) * 3 + channel] - sum / 64) < 1e-12)
    }
    for edge in [5, 0, 64] {
      #expect(
        throws: DatasetError.reduction(
          shape: .spatial(height: 32, width: 32, channels: 3), edge: edge)
      ) { try DatasetPlan(opening: .init(source: source, reduction: edge)) }
    }
  }

  @Test("the digest is of the raw data: any pixel, label, order or count changes it")
  func digest() throws {
    try withDataFolder { folder in
      try writeFixture(folder, perBatch: [3, 3, 3, 3, 3], test: 2)
      let cifar = DataSource.cifar10(path: folder)
      let raw = try load(cifar).digest
      #expect(try load(cifar, .standardize).digest == raw)
      var digests: Set = [raw, try load(cifar, train: .first(14)).digest]
      digests.insert(try load(cifar, test: .first(1)).digest)
      digests.insert(try load(cifar, train: .drawn(count: 15, seed: 1, balanced: false)).digest)
      let url = URL(fileURLWithPath: folder + "/test_batch.bin")
      let whole = try Data(contentsOf: url)
      for at in [0, 1, 3073, 6145] {
        var changed = whole
        changed[at] ^= 1
        try changed.write(to: url)
        digests.insert(try load(cifar).digest)
      }
      #expect(digests.count == 8)
    }
  }

  @Test(
    "the whole of CIFAR-10 loads and is standardized",
    .enabled(
      if: ProcessInfo.processInfo.environment["NTK_CIFAR10"] != nil,
      "NTK_CIFAR10 names no folder of CIFAR-10's binary version"))
  func whole() throws {
    let path = ProcessInfo.processInfo.environment["NTK_CIFAR10"] ?? ""
    let clock = ContinuousClock()
    let start = clock.now
    let plan = try DatasetPlan(
      opening: .init(source: .cifar10(path: path), preprocessing: .standardize))
    let opened = clock.now
    let data = try plan.load(algebra: JacobiAlgebra())
    print("opened \(opened - start), loaded \(clock.now - opened), digest \(data.digest)")
    // Image by image: one running sum of 1.5e8 terms keeps only ten digits.
    let square =
      (0..<plan.trainCount).reduce(0) { total, image in
        data.images[image * 3072..<(image + 1) * 3072].reduce(0) { $0 + $1 * $1 } + total
      } / Double(plan.trainCount * 3072)
    #expect(abs(square - 1) < 1e-12)
  }
}
