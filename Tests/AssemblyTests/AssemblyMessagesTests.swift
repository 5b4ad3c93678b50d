import Assembly
import TileSchedule
import Testing
import Tiling

@Suite struct AssemblyMessagesTests {
  @Test("A report and an order arrive as they were sent")
  func roundTrip() {
    for report in [
      AssemblyMessage.Report.request, .finished(item: 1 << 40), .stop, .dropped(item: 3),
    ] {
      #expect(AssemblyMessage.Report(report.words) == report)
    }
    for order in [
      AssemblyMessage.Order.assign(item: 1 << 40), .withdraw(item: 2), .drained,
      .pack(WorkItem(grid: 2, tile: TileIndex(7, 1 << 30))),
    ] {
      #expect(AssemblyMessage.Order(order.words) == order)
    }
  }

  @Test("What is no message is refused")
  func foreign() {
    for words in [[], [9, 0], [1], [3]] as [[Int64]] {
      #expect(AssemblyMessage.Report(words) == nil)
    }
    for words in [[], [0], [9, 9], [3, 1], [0, 1, 2, 3]] as [[Int64]] {
      #expect(AssemblyMessage.Order(words) == nil)
    }
  }

  @Test("A dropped item goes back to the queue")
  func events() {
    #expect(AssemblyMessage.Report.dropped(item: 5).event(from: 2) == .dropped(rank: 2, item: 5))
  }
}
