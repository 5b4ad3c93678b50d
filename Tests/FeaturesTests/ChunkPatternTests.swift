import Failures
import Features
import Testing

@Suite struct ChunkPatternTests {
  let folder: FeatureFolder

  init() throws { folder = try FeatureFolder() }

  private func files(_ pattern: String) throws -> [String] {
    try ChunkPattern(folder.path + "/" + pattern, key: "features.train").files()
      .map { String($0.dropFirst(folder.path.count + 1)) }
  }

  private func put(_ names: [String]) throws {
    for name in names { try folder.put([1], [1, 1], at: name) }
  }

  @Test("numbers are in their order, whatever their width, and other files are passed over")
  func order() throws {
    try put(["j/c-\(2).npy", "j/c-10.npy", "j/c-9.npy"] + (3...8).map { "j/c-\($0).npy" })
    try put(["j/c-1.npy", "j/c-0.npy", "j/d-1.npy", "j/c-1.txt", "j/c-.npy"])
    #expect(try files("j/c-*.npy") == (0...10).map { "j/c-\($0).npy" })
  }

  @Test("numbers with zeros in front, from 1, and words by name")
  func forms() throws {
    try put(["c001.npy", "c002.npy", "c003.npy", "w/dense.npy", "w/conv.npy"])
    #expect(try files("c*.npy") == ["c001.npy", "c002.npy", "c003.npy"])
    #expect(try files("w/*.npy") == ["w/conv.npy", "w/dense.npy"])
    #expect(try files("c001.npy") == ["c001.npy"])
  }

  @Test(
    "a gap, a late start, one number twice and no file are refused by name",
    arguments: [
      (["c00.npy", "c01.npy", "c03.npy"], "c*.npy", "c02.npy is missing", FailureKind.badData),
      (["c5.npy", "c6.npy"], "c*.npy", "c5.npy; number them from 0 or 1", .badData),
      (["c1.npy", "c01.npy"], "c*.npy", "have the same number", .badData),
      (["c0.npy", "c1.npy", "cold.npy"], "c*.npy", "cold.npy has no number", .badData),
      (["c1.npy"], "d*.npy", "names no file", .missingInput),
      ([], "none/d*.npy", "does not exist", .missingInput),
    ])
  func refused(names: [String], pattern: String, words: String, kind: FailureKind) throws {
    try put(names)
    let error = #expect(throws: Refusal.self) { try files(pattern) }
    #expect(error?.description.contains(words) ?? false, "\(error?.description ?? "")")
    #expect(error?.kind == kind)
  }

  @Test("one * in the file's name is the most", arguments: ["a*b*", "a*/b"])
  func patterns(text: String) {
    let error = #expect(throws: Refusal.self) { try ChunkPattern(text, key: "features.test") }
    #expect(error?.description.contains("features.test is '\(text)'") ?? false)
  }
}
