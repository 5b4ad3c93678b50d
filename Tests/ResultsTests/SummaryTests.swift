import DurableFiles
import Failures
import Foundation
import Results
import Testing

@Suite struct SummaryTests {
  private func folder() throws -> RunFolder {
    let path = NSTemporaryDirectory() + "summary-\(UUID().uuidString)"
    try Disk().createFolder(path)
    return RunFolder(path)
  }

  private var summary: Summary {
    var variant = Summary.VariantSummary(name: "depth=3", network: "[dense]")
    variant.parameters = ["depth": 3, "weight_variance": 1.76]
    return Summary(
      data: Summary.DataSummary(
        train: 10, test: 5, classes: 2, shape: [4], preprocessing: "none", digest: "ab"),
      variants: [variant])
  }

  @Test("A summary is read back as it was written, with keys in snake case")
  func roundTrip() throws {
    let run = try folder()
    try summary.write(run)
    #expect(try Summary.read(run) == summary)
    let text = String(decoding: try Disk().read(run.summary), as: UTF8.self)
    #expect(text.contains("\"weight_variance\" : 1.76"))
  }

  @Test("A run without a summary has an empty one")
  func missing() throws { #expect(try Summary.read(try folder()) == Summary()) }

  @Test(
    "A damaged summary is an error that names the file",
    arguments: ["", "{", "[]", "{\"format\": 1e400}"])
  func damaged(_ text: String) throws {
    let run = try folder()
    try Disk().publish(text, to: run.summary)
    let error = #expect(throws: Refusal.self) { try Summary.read(run) }
    #expect(error?.kind == .badData)
    #expect(error?.description.contains(run.summary) ?? false)
  }

  @Test("A figure that is not finite is named by its place")
  func infinite() throws {
    var bad = summary
    bad.assembly = Summary.AssemblySummary(
      tiles: 1, tilesComputed: 1, tilesRepaired: 0, pairsComputed: 1, seconds: .infinity, ranks: 1)
    let run = try folder()
    let error = #expect(throws: Refusal.self) { try bad.write(run) }
    #expect(error?.description.contains("assembly.seconds is inf") ?? false)
  }
}
