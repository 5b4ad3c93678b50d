import Failures
import MessagePassing

/// What the checks of a subject found, on all ranks together.
///
/// All ranks make the same checks in the same order; one that fails anywhere fails.
struct Verdict {
  let communicator: Communicator
  private var passed: [Int] = []

  init(on communicator: Communicator) { self.communicator = communicator }

  /// Notes a check; a failure is printed by the rank that sees it.
  mutating func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
    if !condition { print("rank \(communicator.rank) of \(communicator.size): \(text())") }
    passed.append(condition ? 1 : 0)
  }

  /// Notes that `body` throws an error for which `matches` holds.
  mutating func expectThrows(
    _ text: String, _ matches: (any Error) -> Bool, _ body: () throws -> Void
  ) {
    do {
      try body()
      expect(false, "\(text): nothing was thrown")
    } catch {
      expect(matches(error), "\(text): \(error)")
    }
  }

  /// Prints the counts on rank 0 and returns the number of failures on all ranks. Collective.
  func report(_ subject: String) throws -> Int {
    let counts = (
      try communicator.allReduce(passed.count, .min), try communicator.allReduce(passed.count, .max)
    )
    guard counts.0 == counts.1 else {
      if communicator.rank == 0 { print("\(subject): ranks made different numbers of checks") }
      return 1
    }
    var all = passed
    try communicator.allReduce(&all, .min)
    guard !all.isEmpty else {
      if communicator.rank == 0 { print("\(subject): no checks") }
      return 1
    }
    let good = all.reduce(0, +)
    if communicator.rank == 0 {
      print("\(subject): \(good) passed, \(all.count - good) failed")
    }
    return all.count - good
  }
}

/// Whether an error is one that all ranks throw alike.
func isCollective(_ error: any Error) -> Bool { error is CollectiveFailure }

/// Whether an error is one that all ranks throw alike, made from `cause` on a rank.
func isCollective(_ error: any Error, _ cause: any Failure, on rank: Int = 0) -> Bool {
  guard let failure = error as? CollectiveFailure else { return false }
  return failure.rank == rank && failure.kind == cause.kind
    && failure.sentence == cause.description
}
