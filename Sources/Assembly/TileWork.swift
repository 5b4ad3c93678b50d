import Failures
import Jobs
import KernelTiles
import Logging
import MessagePassing
import RankProgram
import RecursionCore
import TileSchedule
import TileStore
import Tiling

/// Computes one item of a plan and writes its tiles to the store. One per rank.
package final class TileWork {
  let store: KernelStore
  private let images: SharedImages
  private let kernels: TileKernels
  /// The networks' names.
  private let variants: [String]
  private let log: Logger
  /// The checksums of the items written so far: one per array of the item's grid.
  private(set) var written: [WorkItem: [UInt32]] = [:]
  /// One tile per array of a grid.
  private var buffers: [TileBuffer] = []

  package init(_ assignment: Assignment, store: KernelStore, images: SharedImages, rank: Int) {
    log = ConsoleLog.logger(rank: rank)
    self.store = store
    self.images = images
    variants = assignment.variants.map(\.name)
    kernels = assignment.makeTileKernels()
  }

  /// Computes and writes an item.
  ///
  /// - Parameter poll: called every few milliseconds; where it returns false the item is dropped.
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
    written[item] = try entries.indices.map {
      try entries[$0].array.write(item.tile, values: buffers[$0].values(rows * columns))
    }
    return true
  }

  /// Computes an item into memory, without the store: [entry of the grid][row, column].
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
    let rowRange = grid.rows(of: item.tile)
    while buffers.count < entries.count { buffers.append(TileBuffer(count: 0)) }
    for index in entries.indices where buffers[index].count < rows * columns {
      buffers[index] = TileBuffer(count: rows * columns)
    }
    switch store.parts[item.grid] {
    case .testDiagonal:
      try computeDiagonal(images.test.slice(rowRange), entries)
      return true
    case .train, .trainGap, .test:
      let rows = store.parts[item.grid] == .test ? images.test : images.train
      let tile = TileKernels.Tile(
        rows: rows.slice(rowRange), columns: images.train.slice(grid.columns(of: item.tile)),
        isDiagonal: grid.isDiagonal(item.tile))
      return try compute(tile, entries, poll)
    }
  }

  private func compute(
    _ tile: TileKernels.Tile, _ entries: [KernelStore.Entry], _ poll: () -> Bool
  ) throws -> Bool {
    var outputs = [KernelOutput](
      repeating: KernelOutput(nngp: nil, ntk: nil, stride: tile.columns.count),
      count: variants.count)
    for (index, entry) in entries.enumerated() {
      let isGap = entry.part == .trainGap
      let plane: WritableKeyPath<KernelOutput, UnsafeMutablePointer<Double>?> =
        switch entry.kernel {
        case .nngp: isGap ? \.nngpDeficit : \.nngp
        case .ntk: isGap ? \.ntkDeficit : \.ntk
        }
      outputs[entry.variant][keyPath: plane] = buffers[index].base
    }
    return try naming { try kernels.compute(tile, outputs: outputs, poll: poll) }
  }

  /// Says of which of several networks the arithmetic has failed.
  private func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as RangeError {
      let name = error.network.map { variants[$0] } ?? ""
      throw name.isEmpty ? error : Refusal(.badData, "\(name): \(error)")
    }
  }

  private func computeDiagonal(_ images: Images, _ entries: [KernelStore.Entry]) throws {
    let diagonals = try naming { try kernels.diagonals(of: images) }
    for (index, entry) in entries.enumerated() {
      for (image, state) in diagonals[entry.variant].enumerated() {
        buffers[index].base[image] = entry.kernel == .nngp ? state.variance : state.tangent
      }
    }
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
