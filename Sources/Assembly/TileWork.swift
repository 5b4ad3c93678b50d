import Logging
import RankProgram
import TileSchedule
import TileStore
import Tiling

/// Computes the items of a plan and writes their tiles to the store. There is one instance per rank.
package final class TileWork {
  let store: KernelStore
  private let source: any TileSource
  private let log: Logger
  /// The checksums of the items written so far, one per array of the item's grid.
  private(set) var written: [WorkItem: [UInt32]] = [:]
  /// Memory for one tile per array of a grid.
  private var buffers: [TileBuffer] = []

  package init(
    _ assignment: Assignment, store: KernelStore, input: TileInput, rank: Int
  ) throws {
    log = ConsoleLog.logger(rank: rank)
    self.store = store
    source = try input.source(assignment)
  }

  /// Computes and writes an item.
  ///
  /// - Parameter poll: called every few milliseconds, and between writing two tiles; if it returns false, the item is
  ///   dropped.
  /// - Returns: whether the item is in the store.
  package func perform(_ item: WorkItem, poll: () throws -> Bool) throws -> Bool {
    let entries = store.entries(ofGrid: item.grid)
    let grid = store.grids[item.grid]
    let (rows, columns) = grid.validShape(of: item.tile)
    var failure: (any Error)?
    let complete = try compute(item, into: entries) {
      do { return try poll() } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
    guard complete else { return false }
    log.debug("computed tile \(item.tile) of grid \(item.grid)")
    var checksums: [UInt32] = []
    for (entry, buffer) in zip(entries, buffers) {
      // A job with hundreds of networks writes for many seconds.
      if !checksums.isEmpty, try !poll() { return false }
      checksums.append(
        try entry.array.write(item.tile, values: buffer.values(rows * columns)))
    }
    written[item] = checksums
    return true
  }

  /// Computes an item into memory, without the store. The result is indexed [entry of the grid][row, column].
  package func values(_ item: WorkItem) throws -> [[Double]] {
    let entries = store.entries(ofGrid: item.grid)
    let (rows, columns) = store.grids[item.grid].validShape(of: item.tile)
    _ = try compute(item, into: entries) { true }
    return entries.indices.map { Array(buffers[$0].values(rows * columns)) }
  }

  private func compute(
    _ item: WorkItem, into entries: [KernelStore.Entry], poll: () -> Bool
  ) throws -> Bool {
    let grid = store.grids[item.grid]
    let (rows, columns) = grid.validShape(of: item.tile)
    while buffers.count < entries.count { buffers.append(TileBuffer(count: 0)) }
    for index in entries.indices where buffers[index].count < rows * columns {
      buffers[index] = TileBuffer(count: rows * columns)
    }
    return try source.fill(
      item.tile, of: grid, store.parts[item.grid], entries,
      into: entries.indices.map { buffers[$0].base }, poll: poll)
  }
}

/// Memory for one tile of one kernel.
private final class TileBuffer {
  let base: UnsafeMutablePointer<Double>
  let count: Int

  init(count: Int) {
    self.count = count
    base = .allocate(capacity: max(count, 1))
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }

  func values(_ count: Int) -> UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: base, count: count)
  }
}
