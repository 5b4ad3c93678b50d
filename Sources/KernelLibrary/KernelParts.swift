import KernelArrays
import KernelTiles
import RecursionCore
import Tiling

/// The parts of a computation that threads share: tiles, or, if only diagonals are wanted, the
/// images along the edges of tiles.
struct KernelParts: Sendable {
  private let rows: Images
  private let columns: Images?
  private let results: KernelResults
  private let network: LibraryNetwork
  private let tiles: ArrayTiles
  private let hasTiles: Bool
  fileprivate let keepsEngines: Bool

  /// Divides the computation into parts for `workers` threads.
  ///
  /// - Parameter keepsEngines: whether the network keeps the engines for the next call.
  ///
  /// Errors: `GridError`.
  init(
    _ rows: Images, _ columns: Images?, _ results: KernelResults, _ network: LibraryNetwork,
    workers: Int, keepsEngines: Bool
  ) throws(GridError) {
    self.keepsEngines = keepsEngines
    (self.rows, self.columns, self.results, self.network) = (rows, columns, results, network)
    let fewer = min(rows.count, columns?.count ?? rows.count)
    tiles = try ArrayTiles(
      rows: rows.count, columns: columns?.count,
      tile: network.network.tile(count: fewer, workers: workers))
    hasTiles = !results.matrices.isEmpty
  }

  /// The number of parts.
  var count: Int {
    if hasTiles { return tiles.grid.count }
    guard results.rows.isWanted || results.columns.isWanted else { return 0 }
    return tiles.grid.rowCount + (tiles.isSymmetric ? 0 : tiles.grid.columnCount)
  }

  func makeWorker() -> KernelWorker { KernelWorker(self, network) }

  /// Computes a part with an engine.
  fileprivate func compute(
    _ part: Int, _ kernels: TileKernels, _ poll: () -> Bool
  ) throws(RangeError) {
    guard hasTiles else {
      let isRow = part < tiles.grid.rowCount
      let tile = TileIndex(isRow ? part : 0, isRow ? 0 : part - tiles.grid.rowCount)
      if isRow { try writeRows(of: tile, kernels, poll) }
      if !isRow || tiles.isSymmetric { try writeColumns(of: tile, isRow, kernels, poll) }
      return
    }
    let tile = tiles.grid.tile(at: part)
    let (rowRange, columnRange) = (tiles.grid.rows(of: tile), tiles.grid.columns(of: tile))
    let isComplete = try tiles.compute(
      tile, rows: rows, columns: columns ?? rows, with: kernels,
      into: results.output(rowRange, columnRange), poll: poll)
    guard isComplete else { return }
    if tiles.isMirrored(tile) { results.mirror(rowRange, columnRange) }
    if tile.jt == 0 {
      try writeRows(of: tile, kernels, poll)
      if tiles.isSymmetric { try writeColumns(of: tile, true, kernels, poll) }
    }
    if tile.it == 0 && !tiles.isSymmetric { try writeColumns(of: tile, false, kernels, poll) }
  }

  /// Writes the diagonals of a tile's rows.
  private func writeRows(
    of tile: TileIndex, _ kernels: TileKernels, _ poll: () -> Bool
  ) throws(RangeError) {
    try write(results.rows, rows, tiles.grid.rows(of: tile), kernels, poll)
  }

  /// Writes the diagonals of a tile's columns; for a symmetric kernel, the diagonals of its rows.
  private func writeColumns(
    of tile: TileIndex, _ isOfRows: Bool, _ kernels: TileKernels, _ poll: () -> Bool
  ) throws(RangeError) {
    let range = isOfRows ? tiles.grid.rows(of: tile) : tiles.grid.columns(of: tile)
    try write(results.columns, columns ?? rows, range, kernels, poll)
  }

  private func write(
    _ diagonal: KernelResults.Diagonal, _ images: Images, _ range: Range<Int>,
    _ kernels: TileKernels, _ poll: () -> Bool
  ) throws(RangeError) {
    guard diagonal.isWanted,
      let states = try kernels.diagonals(of: images.slice(range), poll: poll)
    else { return }
    diagonal.write(states[0], range)
  }
}

/// One thread that works on parts of a computation.
final class KernelWorker: CrewOfThreads.Worker {
  private let parts: KernelParts
  private let network: LibraryNetwork
  private let engine: LibraryNetwork.Engine

  fileprivate init(_ parts: KernelParts, _ network: LibraryNetwork) {
    (self.parts, self.network) = (parts, network)
    engine = network.takeEngine()
  }

  deinit {
    if parts.keepsEngines { network.give(engine) }
  }

  func work(on part: Int, poll: () -> Bool) throws {
    try parts.compute(part, engine.kernels, poll)
  }
}
