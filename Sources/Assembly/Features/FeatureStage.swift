import Failures
import Features
import MessagePassing
import RankProgram
import Results
import TileSchedule
import Tiling

/// The outcome of a run of `FeatureStage`.
package struct FeatureOutcome {
  /// Whether all tiles are in the store, except some that are left to be computed one by one.
  package let isComplete: Bool
  /// The number of tiles that were written. `entries` is the number of their entries.
  package var computed = 0
  /// The checksums of the tiles that this rank has written, one per array of the item's grid.
  package var written: [WorkItem: [UInt32]] = [:]
  package var entries = 0
  package var seconds = 0.0

  /// The combined outcome of this variant and the next one.
  package func joined(with next: FeatureOutcome) -> FeatureOutcome {
    FeatureOutcome(
      isComplete: isComplete && next.isComplete, computed: max(computed, next.computed),
      // An item has the checksums of all its arrays, or none.
      written: written.filter { next.written[$0.key] != nil }
        .merging(next.written.filter { written[$0.key] != nil }) { $0 + $1 },
      entries: max(entries, next.entries), seconds: seconds + next.seconds)
  }
}

/// Forms the kernel of features. Every chunk is read once, panel by panel, and added to all tiles,
/// which the ranks hold in their memory. Then the tiles are written to the store.
package final class FeatureStage<Scalar: PanelScalar> {
  let assignment: Assignment
  let work: FeatureWork
  let input: FeatureInput
  /// The variant whose kernel is formed: 0 for the kernel of all chunks.
  let variant: Int
  private let store: KernelStore
  let ranks: Ranks
  let console: Console
  let events: EventLog
  let state: FeatureState
  /// The fingerprint of the kernel that the sums belong to.
  let kernel: [String]
  /// Whether to wait for chunks that do not exist yet.
  let follows: Bool
  private let plan: TilePlan
  /// The identity of the chunk that was partly in the sums at the start.
  private(set) var begunChunk: [UInt64] = []

  /// - Parameter follows: whether to wait for chunks that do not exist yet.
  package init(
    _ assignment: Assignment, _ work: FeatureWork, _ input: FeatureInput, variant: Int,
    data: DataOutline, follows: Bool, store: KernelStore, ranks: Ranks, console: Console,
    events: EventLog
  ) {
    (self.assignment, self.work, self.input, self.store) = (assignment, work, input, store)
    (self.variant, self.follows) = (variant, follows)
    (self.ranks, self.console, self.events) = (ranks, console, events)
    state = FeatureState(assignment.run, ranks: ranks)
    let fields = assignment.fingerprint(variant: variant, data: data, digest: input.digest).fields
    kernel = fields.map { "\($0.name)=\($0.value)" } + ["tile=\(store.grids[0].tileRows)"]
    plan = TilePlan(grids: store.grids, shard: assignment.run.shard)
  }

  /// Forms the tiles that the store lacks, unless they are so few that they can be computed one by one.
  ///
  /// Collective. Errors: file errors; features that are not finite; a shard of a job that needs the whole kernel.
  package func run() throws -> FeatureOutcome {
    let start = MPIEnvironment.seconds
    let missing = try missingItems()
    if missing.isEmpty { try finish() }
    if try missing.isEmpty || isLeftToRepair(missing) { return FeatureOutcome(isComplete: true) }
    try ranks.agree { try requireWhole() }
    try store.requireDisk(for: missing, fromVariant: variant, of: assignment.run, ranks: ranks)
    // Centering and normalizing need sums over the whole kernel.
    let needsMoments = work.needsMoments(gaps: assignment.keepsGaps)
    let items = needsMoments && input.moments[variant] == nil ? plan.items : missing
    let own = FeatureSums<Scalar>.share(items, of: plan, rank: ranks.rank, ranks: ranks.count)
    try requireMemory(own)
    let sums = FeatureSums<Scalar>(own, store: store)
    let first = input.first(from: try restore(sums), ofVariant: variant)
    // A job that died may have saved its sums without telling the producer.
    if work.isStream { try ranks.onRoot { try work.acknowledge(first.chunk) } }
    try ranks.onRoot {
      try events.add(
        "features started",
        ["chunks": .integer(input.total), "in": .integer(first.chunk)])
    }
    guard try add(to: sums, from: first) else { return FeatureOutcome(isComplete: false) }
    if needsMoments, input.moments[variant] == nil {
      let moments = try FeatureSumsMoments(sums, store: store, ranks: ranks)
        .moments(work.section, trainCount: input.trainCount, testCount: input.testCount)
      let file = MomentsFile(assignment.run, work, variant, digest: input.digest)
      try ranks.onRoot { try file.write(moments) }
      input.moments[variant] = moments
    }
    guard let written = try write(sums, of: Set(missing)) else {
      return FeatureOutcome(isComplete: false)
    }
    try finish()
    return FeatureOutcome(
      isComplete: true, computed: missing.count, written: written,
      entries: missing.reduce(0) { $0 + plan.work(of: $1) },
      seconds: MPIEnvironment.seconds - start)
  }

  /// Tells the producer that no chunks are needed any more, and removes the sums. Collective.
  private func finish() throws {
    // The producer may then delete the chunks. Earlier sessions may have written tiles without flushing their names.
    try ranks.agree { try store.flushNames(of: plan.items, variant: variant, ranks: ranks) }
    if work.isStream { try ranks.onRoot { try work.acknowledge(input.total) } }
    // Before the last variant, only the sums of this kernel are removed, because sums of a later
    // variant are still needed. After the last variant, any sums are removed.
    try state.remove(variant == assignment.variants.count - 1 ? nil : kernel)
  }

  /// Throws, on all ranks, if the sums of a node's ranks and two panels do not fit into the node's memory.
  private func requireMemory(_ own: [WorkItem]) throws {
    let entries = own.reduce(0) { $0 + plan.work(of: $1) }
    let bytes = 8 * entries + assignment.productBytes(tile: store.grids[0].tileRows)
    let sums = try ranks.node.allReduce(bytes, .sum)
    let panels = assignment.panelBytes(points: input.trainCount + input.testCount)
    try ranks.requireMemory(
      sums + panels, for: "the kernel of features", advice: "use more nodes")
  }

  /// The number of elements of the kernel that are formed.
  var entryCount: Int { plan.items.reduce(0) { $0 + plan.work(of: $1) } }

  /// The items of the plan that are not in the store. Collective.
  private func missingItems() throws -> [WorkItem] {
    var isMissing: [UInt8] = []
    try ranks.onRoot {
      let present = try store.presentItems(variant: variant)
      isMissing = plan.items.map { present.contains($0) ? 0 : 1 }
    }
    isMissing = try ranks.world.broadcast(isMissing)
    return zip(plan.items, isMissing).filter { $0.1 == 1 }.map(\.0)
  }

  /// Whether the kernel was complete before and only a few tiles have been lost since. Then reading
  /// the rows of these tiles from the chunks is less work than reading all rows. Collective.
  private func isLeftToRepair(_ missing: [WorkItem]) throws -> Bool {
    guard missing.count * 2 <= plan.grids[0].rowCount,
      input.moments[variant] != nil || !work.needsMoments(gaps: assignment.keepsGaps)
    else { return false }
    return try state.find(kernel).place == PanelPlan.Place()
  }

  /// Throws if a shard asks for something that needs the whole kernel.
  private func requireWhole() throws {
    guard assignment.run.shard != .whole, work.needsMoments(gaps: assignment.keepsGaps) else {
      return
    }
    throw Refusal(
      .badJob,
      "--shard forms a part of the kernel, and centering and normalizing need all of it; leave --shard "
        + "out, or features.center, features.normalize and spectrum.centred")
  }

  /// Reads the sums of an earlier run into memory. Collective. Returns the place of the next panel to add.
  private func restore(_ sums: FeatureSums<Scalar>) throws -> PanelPlan.Place {
    let found = try state.find(kernel)
    if let problem = found.problem { try beginAnew(problem) }
    guard found.place > PanelPlan.Place() else { return found.place }
    begunChunk = found.chunk
    var damage = ""
    try ranks.agree {
      for tile in sums.tiles {
        guard let sum = found.places[tile.key] else {
          damage = "tile \(tile.item.tile) is not among them"
          return
        }
        do {
          try SumsFile.read(sum.place, in: sum.path, into: tile.values)
        } catch {
          damage = "\(error)"
          return
        }
      }
    }
    let damages = try ranks.world.gather(damage) ?? []
    let isWhole = try ranks.world.allReduce(damage.isEmpty ? 1 : 0, .min) == 1
    if isWhole { return found.place }
    try beginAnew(damages.first { !$0.isEmpty } ?? "")
    for tile in sums.tiles { tile.values.update(repeating: 0) }
    return PanelPlan.Place()
  }

  /// Warns that the sums so far cannot be used. Collective. Errors: a stream whose chunks have been
  /// removed meanwhile.
  private func beginAnew(_ problem: String) throws {
    console.warn("the sums so far cannot be used, so they begin anew: \(problem)")
    guard input.work.isStream, try input.find(0) == nil else { return }
    throw CollectiveFailure(onAllRanks: input.work.missing(0))
  }

  /// Finishes and writes those of this rank's tiles that are in `missing`. Collective. Returns
  /// their checksums; nil if the run is to stop.
  private func write(
    _ sums: FeatureSums<Scalar>, of missing: Set<WorkItem>
  ) throws -> [WorkItem: [UInt32]]? {
    var written: [WorkItem: [UInt32]] = [:]
    var buffer = [Double](repeating: 0, count: sums.tiles.map(\.count).max() ?? 0)
    var isStopped = false
    try ranks.agree {
      // Ranks that have finished wait for the others.
      defer { ranks.watchdog.pause() }
      for (number, tile) in sums.tiles.enumerated() where missing.contains(tile.item) {
        ranks.watchdog.tick()
        if StopRequest.signal != nil {
          isStopped = true
          break
        }
        console.show(
          "writing the kernel", fraction: Double(number) / Double(sums.tiles.count),
          detail: "\(number * ranks.count) of \(sums.tiles.count * ranks.count) tiles",
          at: MPIEnvironment.seconds)
        if tile.isDiagonal { FeatureFinish.mirror(tile.sums, tile.rows.count) }
        let shape = FeatureFinish.Tile(rows: tile.rows, columns: tile.columns)
        try buffer.withUnsafeMutableBufferPointer { buffer in
          guard let base = buffer.baseAddress else { return }
          let entries = store.entries(ofGrid: tile.item.grid).filter { $0.variant == variant }
          written[tile.item] = try entries.map { entry in
            try FeatureFinish.finish(
              tile.sums, shape, entry.part, input.moments[variant], into: base)
            return try entry.array.write(
              tile.item.tile, values: UnsafeBufferPointer(start: base, count: tile.count))
          }
        }
      }
    }
    return try ranks.world.allReduce(isStopped ? 1 : 0, .max) == 0 ? written : nil
  }
}
