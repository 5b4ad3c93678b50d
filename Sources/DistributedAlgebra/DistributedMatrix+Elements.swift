import BlockCyclic
import MessagePassing

extension DistributedMatrix {
  /// Sets every element to a function of its global row and column. Local.
  public mutating func fill(_ element: (_ i: Int, _ j: Int) -> Double) {
    for jLocal in 0..<localColumns {
      let j = layout.columns.global(of: jLocal, on: context.mycol)
      let column = pointer + jLocal * lld
      for iLocal in 0..<localRows {
        column[iLocal] = Scalar(element(layout.rows.global(of: iLocal, on: context.myrow), j))
      }
    }
  }

  /// Calls `body` with the row of, and a pointer to, each diagonal element that this rank holds.
  borrowing func forEachDiagonalElement(
    _ body: (_ i: Int, _ element: UnsafeMutablePointer<Scalar>) -> Void
  ) {
    for jLocal in 0..<localColumns {
      let j = layout.columns.global(of: jLocal, on: context.mycol)
      guard j < layout.m, layout.rows.owner(of: j) == context.myrow else { continue }
      body(j, pointer + (layout.rows.local(of: j) + jLocal * lld))
    }
  }

  /// Adds a number to each diagonal element. Local.
  public mutating func addToDiagonal(_ value: Scalar) {
    forEachDiagonalElement { _, element in element.pointee += value }
  }
}

extension DistributedMatrix where Scalar == Double {
  /// Returns the diagonal on all ranks. Collective.
  public borrowing func diagonal() throws -> [Double] {
    var values = [Double](repeating: 0, count: min(layout.m, layout.n))
    // Every element has exactly one owner, so the sum over the ranks does not change any value.
    forEachDiagonalElement { i, element in values[i] = element.pointee }
    try context.communicator.allReduce(&values, .sum)
    return values
  }

  /// Allocates a matrix of `k` columns that can serve as right-hand sides for `matrix`; its elements are not set.
  ///
  /// Collective.
  public init(
    columns k: Int, fitting matrix: borrowing DistributedMatrix<Double>
  ) throws {
    let (n, block, context) = (matrix.layout.n, matrix.layout.nb, matrix.context)
    let nb = max(1, min(block, k / context.grid.npcol))
    let layout = try context.communicator.agree {
      try MatrixLayout(m: n, n: k, mb: block, nb: nb, grid: context.grid)
    }
    try self.init(uninitialized: layout, on: context)
  }

  /// Sets the columns to columns of the identity, beginning with its column `first`. Local.
  public mutating func setIdentityColumns(from first: Int) {
    pointer.update(repeating: 0, count: lld * localColumns)
    for jLocal in 0..<localColumns {
      let i = first + layout.columns.global(of: jLocal, on: context.mycol)
      guard i < layout.m, layout.rows.owner(of: i) == context.myrow else { continue }
      pointer[layout.rows.local(of: i) + jLocal * lld] = 1
    }
  }

  /// The dot product of each column with the same column of another matrix of the same layout, on all ranks.
  /// Collective.
  public borrowing func columnProducts(
    with other: borrowing DistributedMatrix<Double>
  ) throws -> [Double] {
    var sums = [Double](repeating: 0, count: layout.n)
    for jLocal in 0..<localColumns {
      let (x, y) = (pointer + jLocal * lld, other.pointer + jLocal * other.lld)
      var sum = 0.0
      for iLocal in 0..<localRows { sum += x[iLocal] * y[iLocal] }
      sums[layout.columns.global(of: jLocal, on: context.mycol)] = sum
    }
    try context.communicator.allReduce(&sums, .sum)
    return sums
  }

  /// self <- factors * self + others * other, column by column. Local.
  mutating func combine(
    _ factors: [Double], _ others: [Double], with other: borrowing DistributedMatrix<Double>
  ) {
    for jLocal in 0..<localColumns {
      let j = layout.columns.global(of: jLocal, on: context.mycol)
      let (x, y) = (pointer + jLocal * lld, other.pointer + jLocal * other.lld)
      for iLocal in 0..<localRows { x[iLocal] = factors[j] * x[iLocal] + others[j] * y[iLocal] }
    }
  }

  /// Makes a tall matrix that can serve as right-hand sides for `matrix`, from an array that is the same on all ranks.
  ///
  /// Shape: `values` is n x k row-major, where n is the order of `matrix`.
  ///
  /// Collective.
  public init(
    rowMajor values: [Double], columns k: Int, fitting matrix: borrowing DistributedMatrix<Double>
  ) throws {
    let n = matrix.layout.n
    try matrix.context.communicator.agree {
      guard k > 0 && values.count == n * k else {
        throw DistributedAlgebraError.mismatch(
          what: "the number of elements of the right-hand sides", value: values.count,
          expected: n * max(k, 1))
      }
    }
    try self.init(columns: k, fitting: matrix)
    fill { i, j in values[i * k + j] }
  }

  /// Returns the whole matrix, m x n row-major, on all ranks. Collective; intended for few columns.
  public borrowing func replicated() throws -> [Double] {
    try replicated(rows: layout.m)
  }

  /// Returns the first `rows` rows, row-major, on all ranks. Collective; intended for few columns.
  borrowing func replicated(rows: Int) throws -> [Double] {
    var values = [Double](repeating: 0, count: rows * layout.n)
    let own = layout.rows.localCount(before: rows, on: context.myrow)
    for jLocal in 0..<localColumns {
      let j = layout.columns.global(of: jLocal, on: context.mycol)
      for iLocal in 0..<own {
        let i = layout.rows.global(of: iLocal, on: context.myrow)
        values[i * layout.n + j] = pointer[iLocal + jLocal * lld]
      }
    }
    try context.communicator.allReduce(&values, .sum)
    return values
  }
}

extension DistributedMatrix {
  /// Throws on all ranks if an element of the lower triangle is infinite or not a number.
  ///
  /// Collective. On such a matrix, iterations in ScaLAPACK might never end.
  borrowing func requireFiniteLowerTriangle() throws {
    var first = Int.max
    for jLocal in 0..<localColumns {
      let j = layout.columns.global(of: jLocal, on: context.mycol)
      let column = pointer + jLocal * lld
      let start = layout.rows.localCount(before: j, on: context.myrow)
      guard start < localRows, Scalar.hasNonFinite(column + start, count: localRows - start) else {
        continue
      }
      for iLocal in start..<localRows where !column[iLocal].isFinite {
        first = min(first, layout.rows.global(of: iLocal, on: context.myrow) * layout.n + j)
        break
      }
    }
    let lowest = try context.communicator.allReduce(first, .min)
    guard lowest == Int.max else {
      throw CollectiveFailure(
        onAllRanks: DistributedAlgebraError.notFinite(i: lowest / layout.n, j: lowest % layout.n))
    }
  }
}
