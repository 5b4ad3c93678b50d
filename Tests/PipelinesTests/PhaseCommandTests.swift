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

  @Test("An activation may have parameters; what is wrong with them is said")
  func parameters() throws {
    let command = try PhaseCommand(activation: "{abrelu: {negative_slope: 0, positive_slope: 1}}")
    let lines = try command.lines(weightVariances: [2], biasVariances: [0], format: .csv)
    #expect(lines[1].hasPrefix("\"{abrelu: {negative_slope: 0, positive_slope: 1}}\",2,0,"))
    #expect(lines[1].hasSuffix(",critical"))
    for (text, part) in [
      ("monomial", "monomial needs 'degree'"), ("{erf: {scal: 2}}", "unknown parameter 'scal'"),
      ("{erf: {scale: 2}", "--activation"), ("", "--activation"),
    ] {
      let error = #expect(throws: Refusal.self) { try PhaseCommand(activation: text) }
      #expect(error?.description.contains(part) ?? false, "\(error?.description ?? "")")
    }
  }

  @Test(
    "ReLU is critical with a weight variance of two, and ordered below, in text and in JSON",
    arguments: [(2, "critical"), (1.5, "ordered")])
  func phase(weightVariance: Double, phase: String) throws {
    let command = try PhaseCommand(activation: "relu")
    func lines(_ format: PhaseCommand.Format) throws -> [String] {
      try command.lines(weightVariances: [weightVariance], biasVariances: [0], format: format)
    }
    let text = try lines(.text).map { $0.split(separator: " ") }
    #expect(text.contains(["phase", Substring(phase)]))
    let json = try lines(.json).joined(separator: "\n")
    #expect(json.contains("\"phase\" : \"\(phase)\""))
  }

  @Test("A table has a line per pair of variances and a header")
  func table() throws {
    let command = try PhaseCommand(activation: "erf")
    let lines = try command.lines(
      weightVariances: [1, 2, 3], biasVariances: [0, 0.1], format: .csv)
    #expect(lines.count == 7)
  }
}
