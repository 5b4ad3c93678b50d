import KernelArrays
import KernelTiles
import RecursionCore
import Tiling

/// The parts of a computation that threads share: tiles, or, if only diagonals are wanted, the
/// images along the edges of tiles. Before the tiles come the edges that the threads have in common.
struct KernelParts: Sendable {
  private let rows: Images
  private let columns: Images?
  private let results: KernelResults
  private let network: LibraryNetwork
  private let tiles: ArrayTiles
  private let hasTiles: Bool
  fileprivate let edges: SharedEdges?
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
    let tile = network.network.tile(count: fewer, workers: workers)
    tiles = try ArrayTiles(rows: rows.count, columns: columns?.count, tile: tile)
    hasTiles = !results.matrices.isEmpty
    edges =
      hasTiles
      ? SharedEdges(
        network.network.program, network.network.precision,
        imageCount: rows.count + (columns?.count ?? 0), tile: tile, engines: workers)
      : nil
  }

  /// The number of parts.
  var count: Int {
    if hasTiles { return preparationCount + tiles.grid.count }
    return results.rows.isWanted || results.columns.isWanted ? edgeCount : 0
  }

  /// The number of parts that must be done before the others: the shared edges.
  var preparationCount: Int { edges == nil ? 0 : edgeCount }

  /// The largest number of threads that find work at the same time.
  var largestCrew: Int { max(preparationCount, count - preparationCount) }

  private var edgeCount: Int {
    tiles.grid.rowCount + (tiles.isSymmetric ? 0 : tiles.grid.columnCount)
  }

  /// An edge as a tile in the first column or row, and whether it is that tile's rows.
  private func edge(_ index: Int) -> (tile: TileIndex, isRows: Bool) {
    let isRows = index < tiles.grid.rowCount
    return (TileIndex(isRows ? index : 0, isRows ? 0 : index - tiles.grid.rowCount), isRows)
  }

  func makeWorker() -> KernelWorker { KernelWorker(self, network) }

  /// Computes a part with an engine.
  fileprivate func compute(
    _ part: Int, _ kernels: TileKernels, _ poll: () -> Bool
  ) throws(RangeError) {
    guard hasTiles else {
      let (tile, isRows) = edge(part)
      if isRows { try writeRows(of: tile, kernels, poll) }
      if !isRows || tiles.isSymmetric { try writeColumns(of: tile, isRows, kernels, poll) }
      return
    }
    if part < preparationCount {
      let (tile, isRows) = edge(part)
      let images =
        isRows
        ? rows.slice(tiles.grid.rows(of: tile)) : columns?.slice(tiles.grid.columns(of: tile))
      if let images { _ = try kernels.prepareEdge(of: images, poll: poll) }
      return
    }
    let tile = tiles.grid.tile(at: part - preparationCount)
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
    engine.kernels.use(parts.edges)
  }

  deinit {
    if parts.keepsEngines { network.give(engine) }
  }

  func work(on part: Int, poll: () -> Bool) throws {
    try parts.compute(part, engine.kernels, poll)
  }
}
