import Failures
import Foundation
import Pipelines
import Testing

@Suite struct PhaseCommandTests {
  @Test("An unknown activation is refused with the known ones")
  func unknown() {
    let error = #expect(throws: Refusal.self) { try PhaseCommand(activation: "relux") }
    #expect(error?.kind == .usage)
    #expect(error?.description.contains("relu") ?? false)
  }

  @Test("ReLU with a weight variance of two is critical, in text and in JSON")
  func critical() throws {
    let command = try PhaseCommand(activation: "relu")
    let text = try command.lines(weightVariances: [2], biasVariances: [0], format: .text)
    #expect(text.joined(separator: " ").contains("critical"))
    let json = try command.lines(weightVariances: [2], biasVariances: [0], format: .json)
    #expect(json.joined(separator: " ").contains("\"critical\""))
  }

  @Test("A table has a line per pair of variances and a header")
  func table() throws {
    let command = try PhaseCommand(activation: "erf")
    let lines = try command.lines(
      weightVariances: [1, 2, 3], biasVariances: [0, 0.1], format: .csv)
    #expect(lines.count == 7)
  }
}
