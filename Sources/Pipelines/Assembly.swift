import Foundation
import MessagePassing
import TileSchedule
import TileStore

/// Assembles the kernels of a run: every tile that the store lacks, over all ranks.
///
/// Rank 0 coordinates and computes: it hands out items on request and looks at its messages
/// between small pieces of its own work.
final class Assembly {
  /// What an assembly did.
  struct Outcome {
    /// Whether the store is complete.
    let isComplete: Bool
    /// Items computed now, and in all.
    let computed: Int
    let total: Int
    /// Entries of the kernels (one per pair of images) computed now.
    let entries: Int
    let seconds: Double
    /// Tiles that were in the store with a bad checksum or size, and were computed again.
    let repaired: Int
  }

  private let ranks: Ranks
  private let store: KernelStore
  private let work: TileWork
  private let console: Console
  private let events: EventLog

  init(
    _ assignment: Assignment, store: KernelStore, images: SharedImages, ranks: Ranks,
    console: Console, events: EventLog
  ) {
    self.ranks = ranks
    self.store = store
    self.console = console
    self.events = events
    work = TileWork(assignment, store: store, images: images)
  }

  /// Runs to the end, or until a signal asks to stop.
  ///
  /// Collective. Errors: of one rank; the caller must end the others.
  func run() throws -> Outcome {
    let start = MPIEnvironment.seconds
    let repaired = try removeDamagedTiles()
    let present = try ranks.agree { ranks.isRoot ? try store.presentItems() : [] }
    // The plan is small and the same everywhere but for what is present, which rank 0 knows.
    let everything = TilePlan(grids: store.grids)
    var isPresent = everything.items.map { present.contains($0) ? UInt8(1) : 0 }
    isPresent = try ranks.world.broadcast(isPresent)
    let items = zip(everything.items, isPresent).filter { $0.1 == 0 }.map(\.0)
    let entries = items.reduce(0) { $0 + everything.work(of: $1) }
    let done: Int
    if ranks.isRoot {
      try events.add(
        "assembly started",
        [
          "tiles": .integer(items.count), "present": .integer(everything.items.count - items.count),
          "ranks": .integer(ranks.count),
        ])
      done = try coordinate(items, everything)
    } else {
      try compute(items)
      done = 0
    }
    try ranks.world.barrier()
    let computed = try ranks.world.broadcast([Int64(done)])[0]
    return Outcome(
      isComplete: Int(computed) == items.count, computed: Int(computed),
      total: everything.items.count, entries: entries, seconds: MPIEnvironment.seconds - start,
      repaired: repaired)
  }

  /// Removes tiles that fail their checksum, each rank its share, so that they are computed again.
  private func removeDamagedTiles() throws -> Int {
    var tiles: [(array: Int, tile: TileIndex)] = []
    for (number, entry) in store.entries.enumerated() {
      for tile in try entry.array.presentTiles() { tiles.append((number, tile)) }
    }
    let damaged = try ranks.agree { () throws -> [String] in
      var damaged: [String] = []
      for index in stride(from: ranks.rank, to: tiles.count, by: ranks.count) {
        let array = store.entries[tiles[index].array].array
        do {
          try array.verify(tiles[index].tile)
        } catch let error as TileStoreError where error.isRepairedByRecomputing {
          try array.remove(tiles[index].tile)
          damaged.append(array.path(of: tiles[index].tile))
        }
      }
      return damaged
    }
    let lists = try ranks.world.gather(Array(damaged.joined(separator: "\n").utf8)) ?? []
    for list in lists where !list.isEmpty {
      for path in String(decoding: list, as: UTF8.self).split(separator: "\n") {
        console.warn("\(path) is damaged (its size or checksum is wrong); it is computed again")
        try events.add("damaged tile removed", ["path": .text(String(path))])
      }
    }
    return try ranks.world.allReduce(damaged.count, .sum)
  }

  // MARK: Rank 0

  private func coordinate(_ items: [WorkItem], _ plan: TilePlan) throws -> Int {
    var queue = TileQueue(count: items.count)
    var desk = WorkerDesk()
    var begun: Int?
    var drainedWorkers = 0
    let total = items.reduce(0) { $0 + plan.work(of: $1) }
    var meter = ProgressMeter(total: total, at: MPIEnvironment.seconds)
    var lastEvent = MPIEnvironment.seconds

    func handle(_ event: TileQueue.Event) throws {
      if case .finished(_, let item) = event, !queue.isDone(item) {
        meter.add(plan.work(of: items[item]), at: MPIEnvironment.seconds)
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
    func tell(_ rank: Int, _ order: AssemblyMessage.Order) throws {
      if rank == 0 {
        desk.take(order, begun: begun)
      } else {
        if order == .drained { drainedWorkers += 1 }
        try ranks.world.send(order.words, to: rank, tag: AssemblyMessage.toWorker)
      }
    }
    func serve() throws {
      while let envelope = try ranks.world.immediateProbe(tag: AssemblyMessage.toCoordinator) {
        let words = try ranks.world.receive(
          Int64.self, from: envelope.source, tag: AssemblyMessage.toCoordinator
        ).values
        guard let report = AssemblyMessage.Report(words) else { continue }
        try handle(report.event(from: envelope.source))
      }
      if Ranks.stopSignal != nil, !queue.isStopped { try handle(.stop) }
      try show(meter, done: queue.doneCount, of: items.count, &lastEvent)
    }

    while true {
      try serve()
      while desk.shouldAsk() { try handle(.request(rank: 0)) }
      if let item = desk.next, desk.isDrained {
        desk.remove(item)
        try handle(.failed(rank: 0, item: item))
      } else if let item = desk.next {
        begun = item
        let isDone = try work.perform(items[item]) {
          try serve()
          return !queue.isStopped
        }
        begun = nil
        desk.remove(item)
        try handle(isDone ? .finished(rank: 0, item: item) : .failed(rank: 0, item: item))
      } else if desk.isDrained && drainedWorkers == ranks.count - 1 && queue.isIdle {
        break
      } else {
        usleep(100)
      }
    }
    try show(meter, done: queue.doneCount, of: items.count, &lastEvent)
    return queue.doneCount
  }

  private func show(
    _ meter: ProgressMeter, done: Int, of count: Int, _ lastEvent: inout Double
  ) throws {
    let now = MPIEnvironment.seconds
    let reading = meter.reading(at: now)
    var detail = "\(done)/\(count) tiles"
    if let rate = reading.rate ?? reading.averageRate {
      detail += String(format: "  %.2e pairs/s", rate)
    }
    if let remaining = reading.remaining, remaining > 0 {
      detail += "  \(readable(seconds: remaining)) left"
    }
    console.show("assembling", fraction: reading.fraction, detail: detail, at: now)
    if now - lastEvent >= 10 {
      lastEvent = now
      try events.add("progress", ["tiles": .integer(done), "of": .integer(count)])
    }
  }

  // MARK: The other ranks

  private func compute(_ items: [WorkItem]) throws {
    var desk = WorkerDesk()
    var hasReportedStop = false

    func report(_ report: AssemblyMessage.Report) throws {
      try ranks.world.send(report.words, to: 0, tag: AssemblyMessage.toCoordinator)
    }
    func listen(begun: Int?) throws {
      while try ranks.world.immediateProbe(from: 0, tag: AssemblyMessage.toWorker) != nil {
        let words = try ranks.world.receive(
          Int64.self, from: 0, tag: AssemblyMessage.toWorker
        ).values
        if let order = AssemblyMessage.Order(words) { desk.take(order, begun: begun) }
      }
      if Ranks.stopSignal != nil, !hasReportedStop {
        hasReportedStop = true
        try report(.stop)
      }
    }

    while true {
      try listen(begun: nil)
      if desk.shouldAsk() { try report(.request) }
      if let item = desk.next {
        if hasReportedStop || desk.isDrained {  // only a stop drains a rank that holds items
          desk.remove(item)
          try report(.dropped(item: item))
          continue
        }
        let isDone = try work.perform(items[item]) {
          try listen(begun: item)
          return !hasReportedStop
        }
        desk.remove(item)
        try report(isDone ? .finished(item: item) : .dropped(item: item))
      } else if desk.isDrained {
        break
      } else {
        usleep(200)
      }
    }
  }
}
