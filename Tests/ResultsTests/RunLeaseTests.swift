import DurableFiles
import Failures
import Foundation
import Results
import Testing

@Suite struct RunLeaseTests {
  private let run: RunFolder

  init() throws {
    let path = NSTemporaryDirectory() + "lease-\(UUID().uuidString)"
    try Disk().createFolder(path)
    run = RunFolder(path)
  }

  private func take(patience: Double = 1) throws -> RunLease {
    try RunLease(run, command: "ntk-dist test", patience: patience, grace: 0.25, poll: {})
  }

  private var files: [String] {
    get throws { try Disk().list(run.path).filter { $0.hasPrefix("lease") } }
  }

  /// A lease as another process left it.
  private func leave(_ number: Int, _ edit: (inout [String: Any]) -> Void) throws {
    let own = try take()
    let name = try #require(try files.first)
    var text = try #require(
      JSONSerialization.jsonObject(with: Data(try Disk().read("\(run.path)/\(name)")))
        as? [String: Any])
    own.release()
    edit(&text)
    try Disk().publish(
      [UInt8](try JSONSerialization.data(withJSONObject: text)),
      to: "\(run.path)/lease-\(number).json")
  }

  @Test("A lease that was given back can be taken again")
  func again() throws {
    let first = try take()
    try first.require()
    first.release()
    #expect(try files.isEmpty)
    let second = try take()
    try second.require()
    second.release()
  }

  @Test("A lease that a living process holds is refused, with its name")
  func refused() throws {
    let held = try take()
    let error = #expect(throws: Refusal.self) { try take() }
    #expect(error?.kind == .cannotCreate)
    #expect(error?.description.contains("ntk-dist test") ?? false)
    try held.require()
    held.release()
  }

  @Test("A living process has some seconds to give its lease back")
  func grace() throws {
    let held = try take()
    var polls = 0
    let lease = try RunLease(run, command: "ntk-dist test", grace: 1e9) {
      polls += 1
      if polls == 3 { held.release() }
    }
    #expect(polls == 3)
    try lease.require()
    lease.release()
  }

  @Test("The lease of a process that has ended on this machine is taken over at once")
  func ended() throws {
    try leave(7) { $0["started"] = "1" }
    let lease = try take(patience: 1e9)
    #expect(try files == ["lease-8.json"])
    lease.release()
  }

  @Test("The lease of another machine is taken over once it gives no sign of life")
  func silent() throws {
    try leave(3) { $0["machine"] = "elsewhere" }
    let lease = try take(patience: 0.5)
    #expect(try files == ["lease-4.json"])
    lease.release()
  }

  @Test("The lease of another machine that gives a sign of life is refused")
  func alive() throws {
    try leave(3) { $0["machine"] = "elsewhere" }
    var polls = 0
    let error = #expect(throws: Refusal.self) {
      _ = try RunLease(run, command: "ntk-dist test", patience: 1e9) {
        polls += 1
        if polls == 3 { try Disk().touch("\(run.path)/lease-3.json") }
      }
    }
    #expect(error?.kind == .cannotCreate && polls >= 3)
  }

  @Test("A process whose lease was taken over notices before it writes")
  func lost() throws {
    let first = try take()
    try Disk().remove("\(run.path)/lease-1.json")
    // The other job's lease has the same number.
    let second = try take()
    #expect(throws: Refusal.self) { try first.require() }
    first.release()
    try second.require()
    second.release()
  }

  @Test("An unreadable lease counts as another machine's")
  func damaged() throws {
    try Disk().publish("", to: "\(run.path)/lease-2.json")
    let lease = try take(patience: 0.5)
    #expect(try files == ["lease-3.json"])
    lease.release()
  }
}
