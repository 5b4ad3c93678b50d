import Failures
import Features
import Testing

@Suite struct FeatureChunksTests {
  let folder: FeatureFolder

  init() throws { folder = try FeatureFolder() }

  private func chunks(
    test: Bool = false, outputs: Int = 1, weights: [Double]? = nil
  ) throws -> FeatureChunks {
    try FeatureChunks(
      train: ChunkPattern(folder.path + "/a-*.npy", key: "features.train"),
      test: test ? ChunkPattern(folder.path + "/b-*.npy", key: "features.test") : nil,
      outputs: outputs, weights: weights)
  }

  private func put(_ shape: [Int], type: String = "<f4", at name: String, seed: UInt64 = 1) throws {
    var numbers = Numbers(seed)
    try folder.put(numbers.list(shape.reduce(1, *)), shape, type: type, at: name)
  }

  @Test("chunks of any precision with their columns and weights")
  func reads() throws {
    try put([5, 3], type: "<f2", at: "a-0.npy")
    try put([5, 7], type: "<f8", at: "a-1.npy")
    try put([2, 3], at: "b-0.npy")
    try put([2, 7], at: "b-1.npy")
    let found = try chunks(test: true, weights: [1, 0.5])
    #expect(found.trainCount == 5 && found.testCount == 2 && found.columns == 10)
    #expect(found.chunks.map(\.columns) == [3, 7] && found.chunks.map(\.weight) == [1, 0.5])
    let alone = try chunks()
    #expect(alone.testCount == 0 && alone.chunks[0].test == nil)
  }

  @Test("several outputs are averaged over")
  func outputs() throws {
    try put([5, 4, 3], at: "a-0.npy")
    let found = try chunks(outputs: 4)
    #expect(found.chunks.map(\.columns) == [12] && found.chunks.map(\.weight) == [0.25])
  }

  @Test("the identity changes with a number and with the type")
  func identity() throws {
    try put([50, 30], at: "a-0.npy")
    let before = try chunks().identity
    #expect(try chunks().identity == before)
    try put([50, 30], at: "a-0.npy", seed: 2)
    #expect(try chunks().identity != before)
    try put([50, 30], type: "<f8", at: "a-0.npy")
    #expect(try chunks().identity != before)
  }

  private func refused(_ words: String..., body: () throws -> Void) {
    do {
      try body()
      Issue.record("nothing was wrong")
    } catch {
      for word in words { #expect("\(error)".contains(word), "\(error)") }
    }
  }

  @Test("chunks that do not fit together are refused by name and shape")
  func mismatches() throws {
    try put([5, 3], at: "a-0.npy")
    try put([4, 3], at: "a-1.npy")
    refused("a-1.npy has 4 rows", "the first chunk has 5") { _ = try chunks() }
    try put([5, 2], at: "a-1.npy")
    refused("weights has 3", "2 chunks") { _ = try chunks(weights: [1, 2, 3]) }
    try put([2, 3], at: "b-0.npy")
    refused("2 chunks", "and 1 of") { _ = try chunks(test: true) }
    try put([2, 3], at: "b-1.npy")
    refused("b-1.npy has shape [2, 3]", "a-1.npy [5, 2]") { _ = try chunks(test: true) }
    try put([5, 2, 3], at: "a-1.npy")
    refused("[5, 2, 3]", "set features.outputs: 2") { _ = try chunks() }
    refused("a-0.npy has shape [5, 3]", "[n, 2, P] for 2 outputs") { _ = try chunks(outputs: 2) }
    try put([5], at: "a-0.npy")
    refused("[5]", "[n, P]") { _ = try chunks() }
  }
}
