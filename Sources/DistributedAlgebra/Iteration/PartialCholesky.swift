import BLAS
import MessagePassing

/// A Cholesky factorization of a positive semi-definite matrix that stops early: A is approximately F F', where F has
/// few columns, one for each pivot.
///
/// Pivots are drawn at random with probabilities proportional to the diagonal of A - F F'. As a result, few columns of
/// A are read, and the error is close to the smallest error that this number of columns allows. The draws depend only
/// on the matrix.
///
/// Source: Chen, Epperly, Tropp and Webber, arXiv:2207.06503, algorithm 2.1 (2022); blocks of pivots by
/// rejection: Epperly, Tropp and Webber, arXiv:2410.03969, algorithm 2.1 (2024).
public final class PartialCholesky {
  /// The distribution of the rows of F over the ranks.
  public let share: RowShare
  /// The number of columns of F.
  public private(set) var rank = 0
  /// The diagonal of A - F F', on all ranks.
  public private(set) var residual: [Double]
  /// The traces of A - F F' for 0, 1, 2, ... columns. Within a block, they are interpolated in equal steps.
  public private(set) var traces: [Double]
  /// Whether only rounding errors are left of A.
  public private(set) var isExhausted = false

  /// This rank's rows of F, `capacity` elements apart.
  let rows: LocalArray<Double>
  /// The largest number of columns that F can have.
  let capacity: Int

  private var random = SplitMix64(state: 0x5EED)

  /// Makes a factorization without columns, with room for `most` columns. Collective. Errors: there is no memory.
  public init(
    of a: some SymmetricOperator, most: Int, on communicator: Communicator
  ) throws {
    let share = RowShare(order: a.order, on: communicator)
    let capacity = max(1, min(most, a.order))
    let diagonal = try a.diagonal().map { max($0, 0) }
    let rows = try communicator.agree {
      try LocalArray<Double>(count: share.own.count * capacity)
    }
    self.rows = rows
    self.share = share
    self.capacity = capacity
    residual = diagonal
    traces = [diagonal.reduce(0, +)]
  }

  /// Whether F has as many columns as there is room for.
  public var isFull: Bool { rank == capacity }

  /// Adds at most `block` columns. Collective.
  public func grow(_ a: some SymmetricOperator, block: Int) throws {
    let proposals = try propose(min(block, capacity - rank))
    guard !proposals.isEmpty else {
      isExhausted = rank < capacity
      return
    }
    let width = proposals.count
    let known = try wholeRows(proposals)
    let columns = try a.columns(proposals)
    var own = share.own(of: columns, columns: width)
    subtractKnown(known, from: &own, width)
    var among = proposals.flatMap { columns[$0 * width..<($0 + 1) * width] }
    dgemm(
      .none, .transpose, m: width, n: width, k: rank, alpha: -1, known, lda: rank, known, ldb: rank,
      beta: 1, into: &among, ldc: width)
    let (picked, inverse) = try accept(proposals, among)
    guard !picked.isEmpty else {
      isExhausted = true
      return
    }
    append(selectedColumns(own, of: width, picked), inverse, picked.count)
    try settleResidual(picked.map { proposals[$0] })
  }

  /// Draws distinct rows, with probabilities proportional to the residual diagonal. The result is the same on all
  /// ranks. Collective.
  private func propose(_ count: Int) throws -> [Int] {
    var drawn: [Int] = []
    if share.communicator.rank == 0 {
      var sums: [Double] = []
      sums.reserveCapacity(residual.count)
      var total = 0.0
      for value in residual {
        total += value
        sums.append(total)
      }
      if total > Double(residual.count) * .ulpOfOne * traces[0] {
        var seen: Set<Int> = []
        for _ in 0..<count {
          let index = Self.place(of: random.unit() * total, in: sums)
          if residual[index] > 0, seen.insert(index).inserted { drawn.append(index) }
        }
      }
    }
    return try share.communicator.broadcast(drawn)
  }

  /// The first position at which the cumulative sum exceeds `value`.
  private static func place(of value: Double, in sums: [Double]) -> Int {
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > value { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// The given rows of F, [rows, rank], on all ranks. Collective.
  private func wholeRows(_ indices: [Int]) throws -> [Double] {
    var known = [Double](repeating: 0, count: indices.count * rank)
    for (place, index) in indices.enumerated() where share.own.contains(index) {
      let start = rows.start + (index - share.own.lowerBound) * capacity
      for column in 0..<rank { known[place * rank + column] = start[column] }
    }
    try share.communicator.allReduce(&known, .sum)
    return known
  }

  /// columns -= F known', for this rank's rows. Local.
  private func subtractKnown(_ known: [Double], from columns: inout [Double], _ width: Int) {
    guard rank > 0 else { return }
    known.withUnsafeBufferPointer { known in
      columns.withUnsafeMutableBufferPointer { columns in
        guard let known = known.baseAddress, let columns = columns.baseAddress else { return }
        dgemm(
          .none, .transpose, m: share.own.count, n: width, k: rank, alpha: -1, rows.start,
          lda: capacity, known, ldb: rank, beta: 1, columns, ldc: width)
      }
    }
  }

  /// Decides which proposals become pivots, as if each had been drawn after the pivots before it. Also returns the
  /// inverse of the transposed Cholesky factor among the pivots. Both results are the same on all ranks. Collective.
  private func accept(
    _ proposals: [Int], _ among: [Double]
  ) throws -> (picked: [Int], inverse: [Double]) {
    let width = proposals.count
    var (picked, factor) = ([Int](), [[Double]]())
    if share.communicator.rank == 0 {
      var left = among
      for i in 0..<width {
        let (value, bound) = (left[i * width + i], residual[proposals[i]])
        guard value > 1e-10 * bound, random.unit() * bound < value else { continue }
        let root = value.squareRoot()
        let column = (0..<width).map { $0 < i ? 0 : left[$0 * width + i] / root }
        for j in (i + 1)..<max(width, i + 1) {
          for k in (i + 1)...j {
            left[j * width + k] -= column[j] * column[k]
            left[k * width + j] = left[j * width + k]
          }
        }
        picked.append(i)
        factor.append(column)
      }
    }
    let accepted = picked
    let inverse = Self.inverseOfTransposed(factor.map { column in accepted.map { column[$0] } })
    picked = try share.communicator.broadcast(picked)
    return (picked, try share.communicator.broadcast(inverse))
  }

  /// The inverse of L' for a lower triangular L given by its columns; row-major.
  private static func inverseOfTransposed(_ columns: [[Double]]) -> [Double] {
    let size = columns.count
    var inverse = [Double](repeating: 0, count: size * size)
    // Solve L' X = I from the last row upward. Row i of L' is column i of L.
    for i in (0..<size).reversed() {
      for j in i..<size {
        var value = i == j ? 1.0 : 0
        for k in (i + 1)..<max(size, i + 1) { value -= columns[i][k] * inverse[k * size + j] }
        inverse[i * size + j] = value / columns[i][i]
      }
    }
    return inverse
  }

  /// Appends this rank's rows of new columns. Local.
  private func append(_ columns: [Double], _ inverse: [Double], _ width: Int) {
    columns.withUnsafeBufferPointer { columns in
      inverse.withUnsafeBufferPointer { inverse in
        guard let columns = columns.baseAddress, let inverse = inverse.baseAddress else { return }
        dgemm(
          m: share.own.count, n: width, k: width, columns, lda: width, inverse, ldb: width,
          rows.start + rank, ldc: capacity)
      }
    }
    rank += width
  }

  /// Subtracts the contribution of the new columns from the residual diagonal. Collective.
  private func settleResidual(_ pivots: [Int]) throws {
    let width = pivots.count
    var left = [Double](repeating: 0, count: share.own.count)
    for row in left.indices {
      let new = rows.start + row * capacity + rank - width
      var square = 0.0
      for column in 0..<width { square += new[column] * new[column] }
      left[row] = max(residual[share.own.lowerBound + row] - square, 0)
    }
    residual = try share.whole(left, columns: 1)
    for pivot in pivots { residual[pivot] = 0 }
    let (before, after) = (traces[traces.count - 1], residual.reduce(0, +))
    for step in 1...width {
      traces.append(before + (after - before) * Double(step) / Double(width))
    }
  }
}

/// A pseudorandom number generator that gives the same numbers on every machine.
///
/// Source: Steele, Lea and Flood, OOPSLA (2014).
public struct SplitMix64 {
  private var state: UInt64

  /// Makes a generator with the given initial state.
  public init(state: UInt64) { self.state = state }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The next number in [0, 1).
  public mutating func unit() -> Double { Double(next() >> 11) / 0x1p53 }
}
