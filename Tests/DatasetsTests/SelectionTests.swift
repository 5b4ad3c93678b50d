import Datasets
import Foundation
import Testing

@Suite struct SelectionTests {
  private let source = DataSource.synthetic(seed: 3, train: 200, test: 50)

  private func plan(_ train: Selection, test: Selection = .first(0)) throws -> DatasetPlan {
    try DatasetPlan(opening: .init(source: source, train: train, test: test))
  }

  @Test("a draw has no image twice, depends on the seed only and nests in a larger one")
  func drawn() throws {
    let draw = try plan(.drawn(count: 60, seed: 7, balanced: false)).trainIndices
    #expect(Set(draw).count == 60 && draw.allSatisfy { (0..<200).contains($0) })
    #expect(try plan(.drawn(count: 60, seed: 7, balanced: false)).trainIndices == draw)
    #expect(try plan(.drawn(count: 60, seed: 8, balanced: false)).trainIndices != draw)
    let all = try plan(.drawn(count: 200, seed: 7, balanced: false)).trainIndices
    #expect(Array(all.prefix(60)) == draw && all.sorted() == Array(0..<200))
  }

  @Test("a draw is this one on every machine")
  func fixed() throws {
    let draw = try plan(.drawn(count: 8, seed: 7, balanced: false)).trainIndices
    // From the published generators and algorithms, written again in Python.
    #expect(draw == [122, 92, 148, 113, 178, 141, 116, 29])
  }

  @Test("every image is drawn equally often over many seeds")
  func uniform() throws {
    var hits = [Int](repeating: 0, count: 20)
    let source = DataSource.synthetic(seed: 3, train: 20, test: 0)
    for seed in 0..<4000 {
      let plan = try DatasetPlan(
        opening: .init(
          source: source, train: .drawn(count: 5, seed: UInt64(seed), balanced: false)))
      for index in plan.trainIndices { hits[index] += 1 }
    }
    // 1000 each, standard deviation 27: five of them.
    #expect(hits.allSatisfy { abs($0 - 1000) < 137 }, "\(hits)")
  }

  @Test("a balanced draw has its classes in turn, the train and test draws differ")
  func balanced() throws {
    let plan = try plan(
      .drawn(count: 50, seed: 7, balanced: true), test: .drawn(count: 50, seed: 7, balanced: true))
    #expect(plan.trainLabels == (0..<50).map { $0 % 10 } && plan.testLabels == plan.trainLabels)
    #expect(Set(plan.trainIndices).count == 50)
    #expect(plan.trainIndices != plan.testIndices)
    let larger = try self.plan(.drawn(count: 120, seed: 7, balanced: true))
    #expect(Array(larger.trainIndices.prefix(50)) == plan.trainIndices)
  }

  @Test("a balanced draw that cannot be is refused")
  func unbalanceable() throws {
    func error(_ count: Int) -> DatasetError? {
      DatasetsTests.error(
        of: .init(source: source, train: .drawn(count: count, seed: 1, balanced: true)))
    }
    #expect(error(55) == .unbalanceable(split: .train, count: 55, classes: 10))
    #expect(error(200) == nil)
    #expect(
      error(210) == .tooFewImages(split: .train, asked: 210, source: "data.synthetic", held: 200))
    try withDataFolder { folder in
      try writeFixture(folder, perBatch: [3, 3, 3, 3, 3], test: 1)
      // 15 records: classes 0 to 4 twice, 5 to 9 once.
      let request = { (count: Int) in
        DatasetRequest(
          source: .cifar10(path: folder), train: .drawn(count: count, seed: 1, balanced: true))
      }
      #expect(DatasetsTests.error(of: request(10)) == nil)
      // Labels overwritten so that class 9 is missing.
      let url = URL(fileURLWithPath: folder + "/data_batch_4.bin")
      var batch = try Data(contentsOf: url)
      batch[0] = 0
      try batch.write(to: url)
      #expect(
        DatasetsTests.error(of: request(10))
          == .tooFewOfClass(split: .train, label: 9, asked: 1, source: folder, held: 0))
    }
  }
}
