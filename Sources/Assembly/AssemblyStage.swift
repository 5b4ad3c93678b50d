import MessagePassing
import RankProgram
import Results
import TileSchedule
import TileStore

/// Assembles the kernels of a run: computes, over all ranks, every tile that the store lacks.
///
/// Rank 0 coordinates and computes: it hands out items on request and looks at its messages between
/// small pieces of its own work.
package final class AssemblyStage {
  /// The outcome of an assembly.
  package struct Outcome {
    /// Whether the store is complete.
    package let isComplete: Bool
    /// The number of items that this run computed, and the number of all items.
    package let computed: Int
    package let total: Int
    /// The number of items that are in the store now, including those of earlier runs.
    package let present: Int
    /// The number of kernel entries (one per pair of images) that this run computed.
    package let entries: Int
    package let seconds: Double
    /// The number of items that were computed again because a tile had a wrong checksum or size.
    package let repaired: Int
  }

  private let ranks: Ranks
  private let store: KernelStore
  private let work: TileWork
  private let console: Console
  private let events: EventLog
  /// The cost of one entry, and whether it counts pairs of pixels. Used to report progress.
  private let workPerPair: Double
  private let usesPixels: Bool
  private let folder: RunFolder
  /// Whether the user may remove what the tiles were made from as soon as the run is complete.
  private let isImported: Bool
  /// The checksums of the items that this rank has written or verified.
  private var checksums: [WorkItem: [UInt32]]

  /// - Parameter written: the checksums of items that this rank has just written.
  package init(
    _ assignment: Assignment, store: KernelStore, input: TileInput,
    written: [WorkItem: [UInt32]] = [:], ranks: Ranks, console: Console, events: EventLog
  ) throws {
    checksums = written
    self.ranks = ranks
    self.store = store
    self.console = console
    self.events = events
    folder = assignment.run
    isImported = assignment.networks == nil
    (workPerPair, usesPixels) = (assignment.workPerPair, assignment.usesPixels)
    work = try TileWork(assignment, store: store, input: input, rank: ranks.rank)
  }

  /// Runs until all items are computed, or until a signal asks to stop.
  ///
  /// Collective. Errors: an error may occur on one rank only; the caller must then end the other ranks.
  package func run() throws -> Outcome {
    let start = MPIEnvironment.seconds
    // All ranks make the same small plan. Only rank 0 knows which items are present.
    let everything = TilePlan(grids: store.grids, shard: folder.shard)
    let present = try ranks.agree { () throws -> Set<WorkItem> in
      guard ranks.isRoot else { return [] }
      return try store.presentItems()
    }
    var isPresent = everything.items.map { present.contains($0) ? UInt8(1) : 0 }
    isPresent = try ranks.world.broadcast(isPresent)
    var isKnown = everything.items.map { checksums[$0] == nil ? 0 : 1 }
    try ranks.world.allReduce(&isKnown, .max)
    let unread = zip(everything.items, zip(isPresent, isKnown))
      .filter { $0.1 == (1, 0) }.map(\.0)
    let damaged = try damagedItems(of: unread)
    // Damaged items come first, so that later sessions do not find the same damage again.
    let items = damaged + zip(everything.items, isPresent).filter { $0.1 == 0 }.map(\.0)
    try store.requireDisk(for: items, of: folder, ranks: ranks)
    try ranks.onRoot {
      try events.add(
        "assembly started",
        [
          "tiles": .integer(items.count), "present": .integer(everything.items.count - items.count),
          "shard": .text("\(folder.shard)"), "ranks": .integer(ranks.count),
        ])
    }
    var done = [Int64(0), 0]
    if ranks.isRoot {
      let coordinator = Coordinator(
        items, pairs: items.map { everything.work(of: $0) }, workPerPair: workPerPair,
        unit: usesPixels ? "pixel pairs" : "pairs", tiles: work, ranks: ranks,
        console: console, events: events)
      defer { ranks.watchdog.pause() }
      let finished = try coordinator.run()
      done = [Int64(finished.items), Int64(finished.pairs)]
    } else {
      defer { ranks.watchdog.pause() }
      try Worker(items, tiles: work, ranks: ranks).run()
    }
    try ranks.world.barrier()
    done = try ranks.world.broadcast(done)
    let (computed, entries) = (Int(done[0]), Int(done[1]))
    let isComplete = computed == items.count
    if isComplete {
      checksums.merge(work.written) { $1 }
      // Earlier sessions may have written tiles without flushing their names.
      if isImported { try store.flushNames(of: everything.items, ranks: ranks) }
      try store.publish(checksums, to: folder, ranks: ranks)
      try ranks.onRoot {
        for damage in try store.packRest() { console.warn("a shard was not packed: \(damage)") }
      }
    }
    return Outcome(
      isComplete: isComplete, computed: computed, total: everything.items.count,
      present: everything.items.count - items.count + computed, entries: entries,
      seconds: MPIEnvironment.seconds - start,
      repaired: damaged.count)
  }

  /// Returns the items with a tile that fails its checksum: the tile's own checksum, or the one
  /// kept since the array was finished. Each rank reads its share of the items.
  ///
  /// Damaged tiles are computed again and replaced, never removed, because another job may have
  /// just written a good tile.
  private func damagedItems(of items: [WorkItem]) throws -> [WorkItem] {
    var isDamaged = [Int](repeating: 0, count: items.count)
    let damages = try ranks.agree { () throws -> [String] in
      var damages: [String] = []
      for index in stride(from: ranks.rank, to: items.count, by: ranks.count) {
        let tile = items[index].tile
        console.show(
          "verifying tiles", fraction: Double(index) / Double(items.count), isPreparation: true,
          detail: "\(index) of \(items.count)", at: MPIEnvironment.seconds)
        var found: [UInt32] = []
        for entry in store.entries(ofGrid: items[index].grid) {
          do {
            found.append(try entry.array.verify(tile))
          } catch let error as TileStoreError where error.isRepairedByRecomputing {
            isDamaged[index] = 1
            damages.append(entry.array.damage(error, of: tile))
          }
        }
        if isDamaged[index] == 0 { checksums[items[index]] = found }
      }
      return damages
    }
    try ranks.world.allReduce(&isDamaged, .max)
    let lists = try ranks.world.gather(Array(damages.joined(separator: "\n").utf8)) ?? []
    try ranks.onRoot {
      // Every tile of a damaged shard reports the same damage.
      var told: Set<Substring> = []
      for damage in lists.flatMap({ String(decoding: $0, as: UTF8.self).split(separator: "\n") })
      where told.insert(damage).inserted {
        console.warn(String(damage))
        try events.add("damaged tile", ["what": .text(String(damage))])
      }
    }
    return zip(items, isDamaged).filter { $0.1 == 1 }.map(\.0)
  }
}
