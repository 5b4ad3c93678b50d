import Failures
import Testing

@Suite("exit statuses")
struct ExitStatusTests {
  static let documented: [(FailureKind, Int32)] = [
    (.usage, 64), (.badData, 65), (.missingInput, 66), (.resource, 69), (.internal, 70),
    (.cannotCreate, 73), (.inputOutput, 74), (.stopped, 75), (.badJob, 78),
  ]

  @Test(
    "every kind of failure has its documented status of sysexits.h", arguments: documented)
  func kinds(kind: FailureKind, status: Int32) {
    #expect(ExitStatus(kind).rawValue == status)
    #expect(ExitStatus(of: Refusal(kind, "no")).rawValue == status)
  }

  @Test("no two kinds share a status, and none is success")
  func distinct() {
    let statuses = FailureKind.allCases.map { ExitStatus($0).rawValue }
    #expect(Set(statuses).count == FailureKind.allCases.count && !statuses.contains(0))
  }

  @Test("an error without a kind is a fault of the program")
  func unknown() {
    struct Unknown: Error {}
    #expect(ExitStatus(of: Unknown()) == .internalError)
  }
}
