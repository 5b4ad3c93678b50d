import Failures
import Testing

@Suite struct FailureKindTests {
  private struct Stranger: Error {}

  @Test("An error says its own kind; one that does not is a fault of the program")
  func kinds() {
    for kind in FailureKind.allCases {
      #expect(FailureKind(of: Refusal(kind, "no")) == kind)
    }
    #expect(FailureKind(of: Stranger()) == .internal)
  }

  @Test("A refusal reads as its sentence")
  func sentence() {
    let error: any Error = Refusal(.badData, "x.npy is empty; write it again")
    #expect("\(error)" == "x.npy is empty; write it again")
  }

  @Test("Kinds are sent between ranks as numbers, each its own")
  func numbers() {
    #expect(Set(FailureKind.allCases.map(\.rawValue)).count == FailureKind.allCases.count)
  }
}
