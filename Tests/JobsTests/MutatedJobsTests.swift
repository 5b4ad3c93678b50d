import JobDocuments
import Jobs
import Testing

/// Jobs with random mistakes: a fuzz test with a fixed seed.
@Suite struct MutatedJobsTests {
  /// Knuth's MMIX generator.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
  }

  @Test("a damaged job is refused in one line or reads back as itself", arguments: 0..<20)
  func mutations(seed: Int) throws {
    var generator = Generator(state: UInt64(seed))
    let seeds =
      [OverridesTests.yaml, "network: [&a {repeat: {count: 2, layers: [relu]}}, *a, !!str x]"]
      + [JobErrorTests.whole, JobErrorTests.data, JobErrorTests.networks].joined().map(\.yaml)
      + JobErrorTests.convolutional.map(\.yaml)
    for _ in 0..<200 {
      guard let start = seeds.randomElement(using: &generator) else { return }
      let yaml = damaged(start, &generator)
      let overrides = Bool.random(using: &generator) ? [] : ["\(yaml.prefix(12))=\(yaml.suffix(9))"]
      switch Result(catching: { () throws(JobError) in try readJob(yaml, overrides: overrides) }) {
      case .success(let job): #expect(try readJob(job.resolvedYAML()) == job, "\(yaml)")
      case .failure(let error):
        #expect(error.description.split(whereSeparator: \.isNewline).count == 1)
      }
    }
  }

  private func damaged(_ yaml: String, _ generator: inout Generator) -> String {
    let marks = Array("{}[]:,-?&*!|>'\"%@`#~ \n\t\r0123456789.eE+nulltruefsy\\/\u{0}é<=")
    var text = Array(yaml)
    for _ in 0..<Int.random(in: 0...4, using: &generator) {
      let index = Int.random(in: 0...text.count, using: &generator)
      let mark = marks.randomElement(using: &generator) ?? " "
      switch Int.random(in: 0..<4, using: &generator) {
      case 0 where index < text.count: text.remove(at: index)
      case 1 where index < text.count: text[index] = mark
      case 2:
        let end = min(text.count, index + 40)
        text.insert(contentsOf: text[index..<end], at: index)
      default: text.insert(mark, at: index)
      }
    }
    return String(text)
  }
}
