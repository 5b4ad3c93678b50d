import KernelLibrary
import Synchronization
import Testing

/// Threads that share the parts of one piece of work.
@Suite("crew of threads")
struct CrewOfThreadsTests {
  private struct PartFailure: Error {}

  /// What the workers of a crew have done.
  private final class Record: Sendable {
    let done = Mutex([Int]())
    /// For each part that is not a preparation, the number of preparations done before it begins.
    let preparedBefore = Mutex([Int]())
    let preparationCount: Int
    let failing: Int?

    init(_ preparationCount: Int, failing: Int? = nil) {
      (self.preparationCount, self.failing) = (preparationCount, failing)
    }
  }

  private struct Worker: CrewOfThreads.Worker {
    let record: Record

    func work(on part: Int, poll: () -> Bool) throws {
      if part == record.failing { throw PartFailure() }
      if part >= record.preparationCount {
        let prepared = record.done.withLock { $0.count { $0 < record.preparationCount } }
        record.preparedBefore.withLock { $0.append(prepared) }
      }
      record.done.withLock { $0.append(part) }
    }
  }

  private func crew(_ record: Record, parts: Int, threads: Int) -> CrewOfThreads {
    CrewOfThreads(
      partCount: parts, preparationCount: record.preparationCount, threads: threads
    ) { Worker(record: record) }
  }

  @Test("all preparations are done before another part begins", arguments: [0, 1, 2, 7])
  func order(_ threads: Int) throws {
    for preparations in [0, 1, 5, 40] {
      let record = Record(preparations)
      #expect(try crew(record, parts: 40, threads: threads).run { _ in true })
      #expect(record.done.withLock { $0.sorted() } == Array(0..<40))
      let before = record.preparedBefore.withLock { $0 }
      #expect(before == Array(repeating: preparations, count: 40 - preparations))
    }
  }

  @Test("after a preparation that fails, no other part begins", arguments: [0, 1, 4])
  func failure(_ threads: Int) {
    let record = Record(10, failing: 3)
    #expect(throws: PartFailure.self) {
      try crew(record, parts: 40, threads: threads).run { _ in true }
    }
    #expect(record.preparedBefore.withLock { $0.isEmpty })
  }
}
