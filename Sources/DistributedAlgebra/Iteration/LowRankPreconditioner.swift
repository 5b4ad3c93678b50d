import BLAS
import BlockCyclic
import MessagePassing

/// The inverse of F F' + s I for any s > 0, where F is a partial Cholesky factor of A. With this preconditioner,
/// conjugate gradients on A + s I have a condition number of at most 1 + |A - F F'| / s.
///
/// The decomposition F F' = U diag(values) U' lets one factorization serve all s:
///
///     (F F' + s I)^-1 r = (r - U diag(values / (values + s)) U' r) / s.
///
/// If F has as many columns as rows and no value is 0, U U' = I, and the inverse is U diag(1 / (values + s)) U'. This
/// has no difference, whose rounding errors a tiny s would amplify.
///
/// Source: Diaz, Epperly, Frangella, Tropp and Webber, arXiv:2304.12465 (2023); Frangella, Tropp and
/// Udell, arXiv:2110.02820 (2021).
public final class LowRankPreconditioner {
  /// The eigenvalues of F F', in ascending order. Eigenvalues below the rounding error are set to 0.
  public let values: [Double]

  /// The factorization, whose rows have been replaced by the rows of U.
  private let factor: PartialCholesky

  /// Takes over a factorization, which must not grow afterwards.
  ///
  /// Collective. Memory: three matrices of rank x rank in addition to the factor.
  ///
  /// - Parameter leastShift: The smallest positive s that will be used.
  ///
  /// Source: the eigenvectors of F'F come from ScaLAPACK's pdsyevd. If values / s would amplify their rounding errors,
  /// a step of Newton and Schulz makes them orthogonal again.
  public init(
    _ factor: PartialCholesky, leastShift: Double, on context: BLACSContext
  ) throws {
    self.factor = factor
    let rank = factor.rank
    guard rank > 0 else {
      values = []
      return
    }
    let layout = try context.communicator.agree {
      try MatrixLayout(order: rank, grid: context.grid)
    }
    let gram = try LowRankPreconditioner.gram(factor)
    var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
    matrix.fill { i, j in gram[max(i, j) * rank + min(i, j)] }
    let pairs = try eigenpairs(of: matrix)
    let largest = pairs.values.last ?? 0
    let noise = Double(rank) * .ulpOfOne * largest
    let values = pairs.values.map { $0 > noise ? $0 : 0 }
    self.values = values
    var turn = try pairs.vectors.replicated()
    for (column, value) in values.enumerated() {
      let scale = value > 0 ? 1 / value.squareRoot() : 0
      for row in 0..<rank { turn[row * rank + column] *= scale }
    }
    LowRankPreconditioner.multiply(factor, by: turn)
    // The eigenvectors of F'F have errors of eps largest / value, which the factor value / s amplifies.
    guard leastShift < 1e-8 * largest else { return }
    var correction = try LowRankPreconditioner.gram(factor)
    for i in 0..<rank {
      for j in 0...i {
        let value = (i == j ? 1.5 : 0) - correction[i * rank + j] / 2
        correction[i * rank + j] = value
        correction[j * rank + i] = value
      }
    }
    LowRankPreconditioner.multiply(factor, by: correction)
  }

  /// The lower triangle of F'F, on all ranks. Collective.
  private static func gram(_ factor: PartialCholesky) throws -> [Double] {
    let rank = factor.rank
    var gram = [Double](repeating: 0, count: rank * rank)
    gram.withUnsafeMutableBufferPointer { gram in
      guard let gram = gram.baseAddress else { return }
      dsyrk(
        .lower, .transpose, n: rank, k: factor.share.own.count, factor.rows.start,
        lda: factor.capacity, gram, ldc: rank)
    }
    try factor.share.communicator.allReduce(&gram, .sum)
    return gram
  }

  /// F <- F C, in chunks of rows. Local.
  private static func multiply(_ factor: PartialCholesky, by c: [Double]) {
    let (rank, capacity) = (factor.rank, factor.capacity)
    let height = 256
    var product = [Double](repeating: 0, count: height * rank)
    c.withUnsafeBufferPointer { c in
      product.withUnsafeMutableBufferPointer { product in
        guard let c = c.baseAddress, let product = product.baseAddress else { return }
        for first in stride(from: 0, to: factor.share.own.count, by: height) {
          let count = min(height, factor.share.own.count - first)
          let start = factor.rows.start + first * capacity
          dgemm(
            m: count, n: rank, k: rank, start, lda: capacity, c, ldb: rank, product, ldc: rank)
          for row in 0..<count {
            (start + row * capacity).update(from: product + row * rank, count: rank)
          }
        }
      }
    }
  }

  /// (F F' + s I)^-1 R, with one s for each column. Each rank has its own rows of R and of the result.
  ///
  /// Shape: R is n x shifts.count, row-major. Collective.
  public func applied(to r: [Double], shifts: [Double]) throws -> [Double] {
    let (rank, columns) = (factor.rank, shifts.count)
    let isWhole = rank == factor.share.order && (values.first ?? 0) > 0
    var result = isWhole ? [Double](repeating: 0, count: r.count) : r
    if rank > 0, columns > 0 {
      var inside = [Double](repeating: 0, count: rank * columns)
      multiply(.transpose, r, into: &inside, columns, alpha: 1)
      try factor.share.communicator.allReduce(&inside, .sum)
      for (pair, value) in values.enumerated() {
        for (column, shift) in shifts.enumerated() {
          inside[pair * columns + column] *= (isWhole ? 1 : value) / (value + shift)
        }
      }
      multiply(.none, inside, into: &result, columns, alpha: isWhole ? 1 : -1)
    }
    if isWhole { return result }
    for row in factor.share.own.indices {
      let first = (row - factor.share.own.lowerBound) * columns
      for (column, shift) in shifts.enumerated() { result[first + column] /= shift }
    }
    return result
  }

  /// y += alpha op(U) x for this rank's rows. Local.
  private func multiply(
    _ operation: Operation, _ x: [Double], into y: inout [Double], _ columns: Int, alpha: Double
  ) {
    let (rank, own) = (factor.rank, factor.share.own.count)
    x.withUnsafeBufferPointer { x in
      y.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress, own > 0 else { return }
        dgemm(
          operation, m: operation == .none ? own : rank, n: columns,
          k: operation == .none ? rank : own, alpha: alpha, factor.rows.start,
          lda: factor.capacity, x, ldb: columns, beta: 1, y, ldc: columns)
      }
    }
  }
}
