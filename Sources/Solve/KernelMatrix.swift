import BlockCyclic
import DistributedAlgebra
import MessagePassing
import RankProgram
import TileStore

/// A training kernel as a ScaLAPACK matrix. It is read from the store each time it is needed, because solvers overwrite
/// their matrix, and a second copy would double the memory.
struct KernelMatrix {
  let array: TileArray
  let context: BLACSContext
  let layout: MatrixLayout
  private let ranks: Ranks
  private let console: Console
  private let centring: Centring?
  private let selection: [Int]?

  /// The kernel that an array contains, unchanged. Collective.
  ///
  /// - Parameter order: The number of leading images to use; nil for all images.
  init(
    _ array: TileArray, order: Int? = nil, context: BLACSContext, ranks: Ranks, console: Console
  ) throws {
    self.array = array
    self.console = console
    self.context = context
    self.ranks = ranks
    (centring, selection) = (nil, nil)
    layout = try ranks.agree {
      try MatrixLayout(order: order ?? array.spec.grid.n, grid: context.grid)
    }
  }

  /// The kernel whose gaps an array contains, centered on all images.
  ///
  /// Collective. Errors: a tile is missing or damaged; agreed by all ranks.
  init(
    centring gaps: TileArray, context: BLACSContext, ranks: Ranks, console: Console
  ) throws {
    self.array = gaps
    self.console = console
    self.context = context
    self.ranks = ranks
    centring = try Centring(of: gaps, ranks: ranks, console: console)
    selection = nil
    layout = try ranks.agree { try MatrixLayout(order: gaps.spec.grid.n, grid: context.grid) }
  }

  /// The kernel of selected images, given in ascending order. Collective.
  init(
    _ array: TileArray, selection: [Int], context: BLACSContext, ranks: Ranks, console: Console
  ) throws {
    self.array = array
    self.console = console
    self.context = context
    self.ranks = ranks
    (centring, self.selection) = (nil, selection)
    layout = try ranks.agree { try MatrixLayout(order: selection.count, grid: context.grid) }
  }

  /// The number of rows and columns.
  var order: Int { layout.n }

  /// Sums over the elements of a symmetric matrix.
  struct Sums {
    var trace = 0.0
    var squares = 0.0
  }

  /// Distributes the lower triangle, or both triangles, over the ranks, and computes sums over the whole matrix in
  /// passing.
  ///
  /// Collective. Errors: a tile is missing or damaged; agreed by all ranks.
  func load<Scalar>(
    for solver: Solver, as deposited: DepositedPart = .lowerTriangle, _ sums: inout Sums
  ) throws -> DistributedMatrix<Scalar> {
    try ranks.agree { try layout.requireLP64(for: solver) }
    try SolverMemory.require(
      layout, solver, scalar: MemoryLayout<Scalar>.size, for: "the matrix", ranks: ranks)
    let part = 0..<(selection == nil ? order : array.spec.grid.n)
    let share = TileShare(of: array, rows: part, columns: part, ranks: ranks)
    var matrix = try DistributedMatrix<Scalar>(uninitialized: layout, on: context)
    var own = Sums()
    // Reading at most one fiftieth of the matrix at a time keeps the buffers far below a tenth of its size.
    let roundBytes = max(share.tileBytes, layout.largestLocalCount * MemoryLayout<Scalar>.size / 50)
    let reading = TileReading(share, "reading", on: console)
    try matrix.deposit(
      tileCount: share.count, as: deposited, roundBytes: min(roundBytes, 12 << 20)
    ) { number in
      reading.show(number)
      var tile = try share.read(number)
      if let centring { tile = centring.centred(tile) }
      if let selection { tile = tile.selected(selection) }
      own.add(tile)
      return tile
    }
    var values = [own.trace, own.squares]
    try ranks.world.allReduce(&values, .sum)
    sums = Sums(trace: values[0], squares: values[1])
    return matrix
  }
}

extension KernelMatrix.Sums {
  /// Adds a tile of the lower triangle. Elements off the diagonal count twice.
  package mutating func add(_ tile: DenseTile) {
    var own = 0.0
    for value in tile.values { own += value * value }
    squares += tile.isDiagonal ? own : 2 * own
    if tile.isDiagonal {
      for index in 0..<tile.rows { trace += tile.values[index * tile.columns + index] }
    }
  }
}
