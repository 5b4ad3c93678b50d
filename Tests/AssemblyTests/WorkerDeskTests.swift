import Assembly
import Testing
import TileSchedule
import Tiling

@Suite struct WorkerDeskTests {
  /// Whether a desk asks the first and the second time.
  private func asks(_ desk: inout WorkerDesk) -> [Bool] { [desk.shouldAsk(), desk.shouldAsk()] }

  @Test("A rank asks once, for the item in hand and one ahead")
  func oneQuestion() {
    var desk = WorkerDesk()
    let first = asks(&desk)
    desk.take(.assign(item: 4), begun: nil)
    let second = asks(&desk)
    desk.take(.assign(item: 9), begun: 4)
    let third = asks(&desk)
    #expect(first == [true, false] && second == [true, false] && third == [false, false])
    #expect(desk.items == [4, 9] && desk.next == 4)
  }

  @Test("An item that is done makes room for another")
  func done() {
    var desk = WorkerDesk()
    for item in [1, 2] { desk.take(.assign(item: item), begun: nil) }
    let full = asks(&desk)
    desk.remove(1)
    let free = asks(&desk)
    #expect(full == [false, false] && free == [true, false] && desk.next == 2)
  }

  @Test("An item is withdrawn unless it has begun")
  func withdrawn() {
    var desk = WorkerDesk()
    for item in [1, 2] { desk.take(.assign(item: item), begun: nil) }
    desk.take(.withdraw(item: 1), begun: 1)
    #expect(desk.items == [1, 2])
    desk.take(.withdraw(item: 2), begun: 1)
    #expect(desk.items == [1])
    desk.take(.withdraw(item: 7), begun: 1)
    #expect(desk.items == [1])
  }

  @Test("Shards are packed in the order in which they were complete, after the end, too")
  func shards() {
    var desk = WorkerDesk()
    let items = [TileIndex(3, 1), TileIndex(0, 0)].map { WorkItem(grid: 0, tile: $0) }
    for item in items { desk.take(.pack(item), begun: nil) }
    desk.take(.drained, begun: nil)
    #expect(desk.shards == items)
    let taken = [desk.takeShard(), desk.takeShard(), desk.takeShard()]
    #expect(taken == [items[0], items[1], nil])
  }

  @Test("A drained rank asks no more")
  func drained() {
    var desk = WorkerDesk()
    desk.take(.drained, begun: nil)
    let asked = asks(&desk)
    #expect(desk.isDrained && asked == [false, false] && desk.next == nil)
  }
}
