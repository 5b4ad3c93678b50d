import Testing
import TileSchedule

/// Event scripts: what goes in, and exactly what comes out.
@Suite struct TileQueueTests {
  private typealias Step = (TileQueue.Event, [TileQueue.Answer])

  private func play(_ queue: inout TileQueue, _ script: [Step]) {
    for (number, step) in script.enumerated() {
      #expect(queue.handle(step.0) == step.1, "step \(number): \(step.0)")
    }
  }

  @Test("One rank gets all items in order, one ahead, and is drained at the end")
  func oneRank() {
    var queue = TileQueue(count: 3)
    play(
      &queue,
      [
        (.request(rank: 0), [.assign(rank: 0, item: 0)]),
        (.request(rank: 0), [.assign(rank: 0, item: 1)]),
        (.request(rank: 0), [.wait(rank: 0)]),
        (.finished(rank: 0, item: 0), [.assign(rank: 0, item: 2)]),
        (.finished(rank: 0, item: 1), []),
        (.request(rank: 0), [.wait(rank: 0)]),
        (.finished(rank: 0, item: 2), [.drained(rank: 0)]),
        (.request(rank: 0), [.drained(rank: 0)]),
      ])
    #expect(queue.isComplete && queue.isIdle && queue.doneCount == 3)
  }

  @Test("Nothing is given ahead when the rest is only enough for every rank's hand")
  func reserve() {
    var queue = TileQueue(count: 4)
    play(
      &queue,
      [
        (.request(rank: 0), [.assign(rank: 0, item: 0)]),
        (.request(rank: 1), [.assign(rank: 1, item: 1)]),
        (.request(rank: 2), [.assign(rank: 2, item: 2)]),
        (.request(rank: 1), [.wait(rank: 1)]),
        (.finished(rank: 0, item: 0), []),
        (.request(rank: 0), [.assign(rank: 0, item: 3)]),
        (.finished(rank: 2, item: 2), []),
        (.request(rank: 2), [.wait(rank: 2)]),
        (.finished(rank: 0, item: 3), []),
        (.finished(rank: 1, item: 1), [.drained(rank: 1), .drained(rank: 2)]),
      ])
  }

  @Test("An idle rank gets the item that another holds ahead; both may finish it, it counts once")
  func withdrawal() {
    var queue = TileQueue(count: 2)
    play(
      &queue,
      [
        (.request(rank: 7), [.assign(rank: 7, item: 0)]),
        (.request(rank: 7), [.assign(rank: 7, item: 1)]),
        (.request(rank: 3), [.withdraw(rank: 7, item: 1), .assign(rank: 3, item: 1)]),
        (.finished(rank: 7, item: 0), []),
        (.finished(rank: 7, item: 1), []),
        (.finished(rank: 3, item: 1), []),
      ])
    #expect(queue.doneCount == 2 && queue.isComplete)
  }

  @Test("Items dropped after a stop are not handed out again, and the queue is idle without them")
  func drops() {
    var queue = TileQueue(count: 2)
    play(
      &queue,
      [
        (.request(rank: 1), [.assign(rank: 1, item: 0)]),
        (.request(rank: 1), [.assign(rank: 1, item: 1)]),
        (.request(rank: 2), [.withdraw(rank: 1, item: 1), .assign(rank: 2, item: 1)]),
        (.stop, []),
        (.dropped(rank: 1, item: 1), []),
        (.dropped(rank: 1, item: 0), []),
        (.request(rank: 1), [.drained(rank: 1)]),
      ])
    #expect(!queue.isIdle)
    #expect(queue.handle(.dropped(rank: 2, item: 1)).isEmpty)
    #expect(queue.isIdle && !queue.isComplete && queue.doneCount == 0)
  }

  @Test("After stop nothing is handed out, waiting ranks leave, and work in hand still counts")
  func stop() {
    var queue = TileQueue(count: 3)
    play(
      &queue,
      [
        (.request(rank: 0), [.assign(rank: 0, item: 0)]),
        (.request(rank: 1), [.assign(rank: 1, item: 1)]),
        (.request(rank: 1), [.wait(rank: 1)]),
        (.stop, [.drained(rank: 1)]),
        (.request(rank: 0), [.drained(rank: 0)]),
        (.finished(rank: 1, item: 1), []),
      ])
    #expect(!queue.isIdle && !queue.isComplete)
    #expect(queue.handle(.finished(rank: 0, item: 0)).isEmpty)
    #expect(queue.isIdle && queue.doneCount == 2 && !queue.isDone(2))
  }

  @Test("Events about unknown items or ranks change nothing")
  func strangers() {
    var queue = TileQueue(count: 1)
    for event: TileQueue.Event in [
      .finished(rank: 5, item: 7), .finished(rank: 5, item: 0), .dropped(rank: 5, item: -1),
      .dropped(rank: 0, item: 0),
    ] {
      #expect(queue.handle(event).isEmpty)
    }
    #expect(queue.doneCount == 0 && queue.handle(.request(rank: 0)) == [.assign(rank: 0, item: 0)])
    #expect(TileQueue(count: 0).isComplete)
  }
}
