import Foundation
import MessagePassing
import RankProgram
import TileSchedule

/// Any rank of an assembly except rank 0: asks for items, computes them, and reports them.
final class Worker {
  private let items: [WorkItem]
  private let tiles: TileWork
  private let ranks: Ranks
  private var desk = WorkerDesk()
  private var hasReportedStop = false

  init(_ items: [WorkItem], tiles: TileWork, ranks: Ranks) {
    (self.items, self.tiles, self.ranks) = (items, tiles, ranks)
  }

  /// Runs until the coordinator has no more items.
  func run() throws {
    while true {
      try listen(begun: nil)
      if desk.shouldAsk() { try report(.request) }
      if let item = desk.takeShard() {
        try pack(item)
      } else if let item = desk.next {
        try perform(item)
      } else if desk.isDrained {
        return
      } else {
        usleep(200)
      }
    }
  }

  private func perform(_ item: Int) throws {
    defer { desk.remove(item) }
    // A rank that still holds items is drained only by a stop.
    guard !hasReportedStop && !desk.isDrained else { return try report(.dropped(item: item)) }
    let isDone = try tiles.perform(items[item]) {
      try listen(begun: item)
      return !hasReportedStop
    }
    try report(isDone ? .finished(item: item) : .dropped(item: item))
  }

  private func pack(_ item: WorkItem) throws {
    try tiles.pack(around: item) {
      try listen(begun: nil)
      return !hasReportedStop
    }
  }

  private func report(_ report: AssemblyMessage.Report) throws {
    try ranks.world.send(report.words, to: 0, tag: AssemblyMessage.toCoordinator)
  }

  private func listen(begun: Int?) throws {
    ranks.watchdog.tick()
    let tag = AssemblyMessage.toWorker
    while try ranks.world.immediateProbe(from: 0, tag: tag) != nil {
      let words = try ranks.world.receive(Int64.self, from: 0, tag: tag).values
      if let order = AssemblyMessage.Order(words) { desk.take(order, begun: begun) }
    }
    if StopRequest.signal != nil, !hasReportedStop {
      hasReportedStop = true
      try report(.stop)
    }
  }
}
