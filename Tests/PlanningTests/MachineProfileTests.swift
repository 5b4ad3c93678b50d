import DurableFiles
import Failures
import Foundation
import Planning
import Testing

@Suite struct MachineProfileTests {
  private let path: String

  init() throws {
    path = NSTemporaryDirectory() + "machine-\(UUID().uuidString).json"
  }

  private func read(_ text: String) throws -> MachineProfile? {
    try Disk().publish(text, to: path)
    return try MachineProfile.read(path)
  }

  private func profile(_ change: [String: String] = [:]) -> String {
    let values = [
      "cores": "64", "memory": "256000000000", "gflops_f64": "50", "gflops_f32": "100",
      "tiles": "{}",
    ].merging(change) { $1 }
    return "{" + values.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
  }

  @Test("A profile is read as it was written")
  func roundTrip() throws {
    let found = try #require(try read(profile()))
    #expect(found.cores == 64 && found.gflopsF32 == 100)
    try found.write(path)
    #expect(try MachineProfile.read(path) == found)
  }

  @Test("No file is no profile")
  func missing() throws { #expect(try MachineProfile.read(path + ".none") == nil) }

  @Test(
    "Figures of no machine are refused by name",
    arguments: [
      ("cores", "0"), ("cores", "-3"), ("memory", "-1"), ("gflops_f64", "1e300"),
      ("gflops_f32", "-5"), ("tiles", "{\"x\": {\"apart\": -1, \"diagonal\": 1}}"),
      ("tiles", "{\"x\": {\"apart\": 1e300, \"diagonal\": 1}}"),
    ])
  func figures(_ key: String, _ value: String) throws {
    let error = #expect(throws: Refusal.self) { try read(profile([key: value])) }
    #expect(error?.kind == .badData)
    #expect(error?.description.contains(key) ?? false)
  }

  @Test("What is no profile is refused", arguments: ["", "[]", "{\"cores\": \"many\"}"])
  func foreign(_ text: String) throws {
    let error = #expect(throws: Refusal.self) { try read(text) }
    #expect(error?.description.contains("--calibrate") ?? false)
  }
}
