/// How a matrix is distributed over a process grid: which rank holds which element, and where.
public struct MatrixLayout: Hashable, Sendable {
  /// The distribution of the rows over process rows.
  public let rows: Distribution
  /// The distribution of the columns over process columns.
  public let columns: Distribution
  /// The process grid.
  public let grid: ProcessGrid

  /// Distributes an `m` x `n` matrix in blocks of `mb` x `nb` over a grid.
  public init(m: Int, n: Int, mb: Int, nb: Int, grid: ProcessGrid) throws(BlockCyclicError) {
    rows = try Distribution(n: m, nb: mb, nprocs: grid.nprow)
    columns = try Distribution(n: n, nb: nb, nprocs: grid.npcol)
    self.grid = grid
  }

  /// Distributes a square matrix in square blocks, as the solvers require.
  ///
  /// If `nb` is nil, `blockSize(forOrder:grid:)` chooses the block size.
  public init(order n: Int, nb: Int? = nil, grid: ProcessGrid) throws(BlockCyclicError) {
    let block = nb ?? Self.blockSize(forOrder: n, grid: grid)
    try self.init(m: n, n: n, mb: block, nb: block, grid: grid)
  }

  /// The block size for a matrix of order `n`: `preferred`, or less if `preferred` would leave a rank idle.
  ///
  /// Every process has a block if `n` is at least the longer side of the grid.
  public static func blockSize(forOrder n: Int, grid: ProcessGrid, preferred: Int = 64) -> Int {
    max(1, min(preferred, n / max(grid.nprow, grid.npcol)))
  }

  /// The number of rows.
  public var m: Int { rows.n }
  /// The number of columns.
  public var n: Int { columns.n }
  /// The number of rows in a block.
  public var mb: Int { rows.nb }
  /// The number of columns in a block.
  public var nb: Int { columns.nb }

  /// The numbers of rows and columns that a process holds.
  public func localShape(myrow: Int, mycol: Int) -> (rows: Int, columns: Int) {
    (rows.numroc(myrow), columns.numroc(mycol))
  }

  /// The leading dimension of the local array: the number of elements from one column to the next, at least 1.
  public func lld(myrow: Int) -> Int { max(1, rows.numroc(myrow)) }

  /// The rank that holds element (i, j).
  public func owner(i: Int, j: Int) -> Int {
    grid.rank(myrow: rows.owner(of: i), mycol: columns.owner(of: j))
  }

  /// The largest number of elements on any rank. Process (0, 0) holds that many.
  public var largestLocalCount: Int { rows.numroc(0) * columns.numroc(0) }
}
