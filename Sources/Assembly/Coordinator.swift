import Foundation
import MessagePassing
import RankProgram
import Results
import TileSchedule

/// Rank 0 of an assembly: hands out items on request and also computes items itself. It looks at
/// its messages between small pieces of its own work.
final class Coordinator {
  private let items: [WorkItem]
  /// For each item, the number of pairs of images and the work in `unit`s.
  private let pairs: [Int]
  private let work: [Int]
  private let unit: String
  private let tiles: TileWork
  private let ranks: Ranks
  private let console: Console
  private let events: EventLog

  private var queue: TileQueue
  private var shards: ShardCounts
  private var desk = WorkerDesk()
  private var begun: Int?
  private var drainedWorkers = 0
  /// The number of pairs in the finished items.
  private var pairsDone = 0
  /// The number of items that each rank has finished.
  private var finishedBy: [Int]
  private var meter: ProgressMeter
  private var lastEvent: Double
  private var hasShownAll = false

  init(
    _ items: [WorkItem], pairs: [Int], workPerPair: Double, unit: String, tiles: TileWork,
    ranks: Ranks, console: Console, events: EventLog
  ) {
    work = pairs.map { Int(Double($0) * workPerPair) }
    shards = ShardCounts(items, grids: tiles.store.grids, shards: tiles.store.shards)
    (self.items, self.pairs, self.tiles, self.ranks) = (items, pairs, tiles, ranks)
    self.unit = unit
    (self.console, self.events) = (console, events)
    queue = TileQueue(count: items.count)
    finishedBy = [Int](repeating: 0, count: ranks.count)
    lastEvent = MPIEnvironment.seconds
    meter = ProgressMeter(
      total: work.reduce(0, +), pieces: min(ranks.count, max(items.count, 1)), at: lastEvent)
  }

  /// Runs until every item is in the store, or until a stop is requested and all ranks know of it.
  ///
  /// - Returns: the number of items that are in the store now, and the number of pairs of images in them.
  func run() throws -> (items: Int, pairs: Int) {
    while !isFinished {
      try serve()
      while desk.shouldAsk() { try handle(.request(rank: 0)) }
      if let item = desk.takeShard() {
        try pack(item)
        continue
      }
      guard let item = desk.next else {
        if !isFinished { usleep(100) }
        continue
      }
      try handle(try perform(item))
    }
    try show()
    return (queue.doneCount, pairsDone)
  }

  private var isFinished: Bool {
    desk.isDrained && desk.next == nil && desk.shards.isEmpty
      && drainedWorkers == ranks.count - 1 && queue.isIdle
  }

  private func pack(_ item: WorkItem) throws {
    try tiles.pack(around: item) {
      try serve()
      return !queue.isStopped
    }
  }

  private func perform(_ item: Int) throws -> TileQueue.Event {
    defer { desk.remove(item) }
    // A rank that still holds items is drained only by a stop.
    guard !desk.isDrained else { return .dropped(rank: 0, item: item) }
    begun = item
    defer { begun = nil }
    let isDone = try tiles.perform(items[item]) {
      try serve()
      return !queue.isStopped
    }
    return isDone ? .finished(rank: 0, item: item) : .dropped(rank: 0, item: item)
  }

  private func serve() throws {
    ranks.watchdog.tick()
    let tag = AssemblyMessage.toCoordinator
    while let envelope = try ranks.world.immediateProbe(tag: tag) {
      let words = try ranks.world.receive(Int64.self, from: envelope.source, tag: tag).values
      if let report = AssemblyMessage.Report(words) {
        try handle(report.event(from: envelope.source))
      }
    }
    if StopRequest.signal != nil, !queue.isStopped { try handle(.stop) }
    try show()
  }

  private func handle(_ event: TileQueue.Event) throws {
    if case .finished(let rank, let item) = event, !queue.isDone(item) {
      finishedBy[rank] += 1
      pairsDone += pairs[item]
      meter.add(work[item], at: MPIEnvironment.seconds)
      // This comes before the queue's answers, so that a rank gets its shards before it is told to leave.
      if shards.finish(items[item]), !queue.isStopped { try tell(rank, .pack(items[item])) }
    }
    for answer in queue.handle(event) {
      switch answer {
      case .assign(let rank, let item): try tell(rank, .assign(item: item))
      case .withdraw(let rank, let item): try tell(rank, .withdraw(item: item))
      case .drained(let rank): try tell(rank, .drained)
      case .wait: break
      }
    }
  }

  private func tell(_ rank: Int, _ order: AssemblyMessage.Order) throws {
    if rank == 0 {
      desk.take(order, begun: begun)
      return
    }
    if order == .drained { drainedWorkers += 1 }
    try ranks.world.send(order.words, to: rank, tag: AssemblyMessage.toWorker)
  }

  private func show() throws {
    let now = MPIEnvironment.seconds
    let reading = meter.reading(at: now)
    console.show(
      "assembling", fraction: reading.fraction, left: .known(reading.remaining),
      detail: detail(reading), at: now)
    if now - lastEvent >= 10 || (queue.doneCount == items.count && !hasShownAll) {
      lastEvent = now
      hasShownAll = queue.doneCount == items.count
      try events.add(
        "progress",
        [
          "tiles": .integer(queue.doneCount), "of": .integer(items.count),
          "tiles_by_rank": .text(shares),
        ])
    }
  }

  private func detail(_ reading: ProgressMeter.Reading) -> String {
    var detail = "\(queue.doneCount)/\(items.count) tiles"
    // As for the time left, the average rate is used if nothing was finished lately.
    if let rate = [reading.rate, reading.averageRate].compactMap(\.self).first(where: { $0 > 0 }) {
      detail += String(format: "  %.2e %@/s", rate, unit)
    }
    return detail
  }

  /// The number of items that each rank has finished; for many ranks only the least, the middle and the most.
  private var shares: String {
    guard finishedBy.count > 64 else {
      return finishedBy.map(String.init).joined(separator: " ")
    }
    let sorted = finishedBy.sorted()
    return "\(sorted[0]) to \(sorted[sorted.count - 1]), the middle one \(sorted[sorted.count / 2])"
  }
}
