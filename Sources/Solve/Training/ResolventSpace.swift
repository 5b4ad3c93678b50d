import BLAS
import DistributedAlgebra
import Foundation
import RankProgram

/// A rational Krylov space of a kernel A and the columns of a matrix E, with a single pole -s:
///
///     span { E, (A + s I)^-1 E, (A + s I)^-2 E, ... }.
///
/// In this space, functions of A applied to E can be computed even if computing all eigenvectors is too expensive. One
/// Cholesky factor is enough to grow the space.
///
/// Source: Moret and Novati, BIT 44 (2004); van den Eshof and Hochbruck, SIAM J. Sci. Comput. 27 (2006).
struct ResolventSpace {
  /// The number of columns of the basis.
  private(set) var count = 0

  private let n: Int
  private let rows: Range<Int>
  private let ranks: Ranks
  /// The basis V, column by column; this rank's rows of each column.
  private var basis: [Double] = []
  /// V'AV, as the rows of its lower triangle.
  private var projected: [[Double]] = []
  /// The columns of the last block, which have not been multiplied with A yet.
  private var newest: Range<Int>
  /// V'E, [columns of the first block][columns of E].
  private var start: [[Double]]

  /// Makes the space of E alone. All ranks must pass the same E, [n, columns]. Collective.
  init(of e: [Double], columns: Int, order n: Int, ranks: Ranks) throws {
    (self.n, self.ranks) = (n, ranks)
    rows = EigenBasis.rows(order: n, ranks: ranks)
    newest = 0..<0
    start = []
    let own = Array(e[rows.lowerBound * columns..<rows.upperBound * columns])
    try append(own, columns: columns)
    start = try coefficients(of: own, columns: columns)
  }

  /// Whether the last power of the resolvent added nothing new.
  var isExhausted: Bool { newest.isEmpty }

  /// Adds one more power of the resolvent. Collective.
  mutating func grow(_ kernel: borrowing ShiftedCholesky) throws {
    let width = newest.count
    let block = try whole(newest)
    let (product, solution) = try kernel.productAndSolution(rowMajor: block, columns: width)
    let image = try coefficients(of: ownRows(product, width), columns: width)
    for column in newest {
      projected.append(image[...column].map { $0[column - newest.lowerBound] })
    }
    try append(ownRows(solution, width), columns: width)
  }

  /// Eigenpairs of A projected on the columns that A has been multiplied with.
  struct Ritz {
    /// The Ritz values, in descending order.
    let values: [Double]
    /// The Ritz vectors, [pair, column of the basis], row-major.
    let vectors: [Double]
    /// The components of E, [pair, column of E], row-major.
    let components: [Double]
  }

  /// Computes the Ritz pairs. Collective.
  func ritz() throws -> Ritz {
    let size = projected.count
    var found: (values: [Double], vectors: [Double]) = ([], [])
    try ranks.onRoot {
      var matrix = [Double](repeating: 0, count: size * size)
      for (i, row) in projected.enumerated() {
        for (j, value) in row.enumerated() {
          matrix[i * size + j] = value
          matrix[j * size + i] = value
        }
      }
      found = try symmetricEigenpairs(of: matrix, n: size)
    }
    let values = try ranks.world.broadcast(found.values)
    let flat = try ranks.world.broadcast(found.vectors)
    let vectors = (0..<size).reversed().flatMap { flat[$0 * size..<($0 + 1) * size] }
    let columns = start.first?.count ?? 0
    let components = (0..<size * columns).map { place in
      let (pair, column) = (place / columns, place % columns)
      return start.indices.reduce(0) { $0 + vectors[pair * size + $1] * start[$1][column] }
    }
    return Ritz(values: values.reversed(), vectors: vectors, components: components)
  }

  /// Makes a basis for functions of A from the Ritz vectors. Local.
  func basis(_ ritz: Ritz) -> EigenBasis {
    let size = ritz.values.count
    var vectors = [Double](repeating: 0, count: rows.count * size)
    dgemm(
      .transpose, .transpose, m: rows.count, n: size, k: size, basis, lda: rows.count,
      ritz.vectors, ldb: size, into: &vectors, ldc: size)
    return EigenBasis(values: ritz.values, vectors: vectors, order: n, ranks: ranks)
  }

  /// Orthonormalizes the part of a block that is new, and appends it to the basis. Collective.
  private mutating func append(_ block: [Double], columns: Int) throws {
    var block = block
    let before = try squares(block, columns)
    // Orthogonalize twice: the first pass leaves rounding errors proportional to what it subtracts.
    for _ in 0..<2 where count > 0 {
      let overlap = try coefficients(of: block, columns: columns).flatMap(\.self)
      dgemm(
        .transpose, m: rows.count, n: columns, k: count, alpha: -1, basis, lda: rows.count,
        overlap, ldb: columns, beta: 1, into: &block, ldc: columns)
    }
    let first = count
    for column in 0..<columns {
      var own = rows.indices.map { block[($0 - rows.lowerBound) * columns + column] }
      // Twice again, each time against all earlier columns of the block at once.
      for _ in 0..<2 where count > first {
        var dots = (first..<count).map { other in
          own.indices.reduce(0) { $0 + basis[other * rows.count + $1] * own[$1] }
        }
        try ranks.world.allReduce(&dots, .sum)
        for (other, dot) in zip(first..., dots) {
          for row in own.indices { own[row] -= dot * basis[other * rows.count + row] }
        }
      }
      var square = try ranks.world.allReduce(own.reduce(0) { $0 + $1 * $1 }, .sum)
      square = try ranks.world.broadcast([square > 1e-20 * before[column] ? square : 0])[0]
      // If only rounding errors are left, the space already contains this direction.
      guard square > 0 else { continue }
      let scale = 1 / square.squareRoot()
      basis.append(contentsOf: own.map { $0 * scale })
      count += 1
    }
    newest = first..<count
  }

  /// V' X, given this rank's rows of X, [column of V][column of X]. Collective.
  private func coefficients(of x: [Double], columns: Int) throws -> [[Double]] {
    var result = [Double](repeating: 0, count: count * columns)
    dgemm(
      m: count, n: columns, k: rows.count, basis, lda: rows.count, x, ldb: columns, into: &result,
      ldc: columns)
    try ranks.world.allReduce(&result, .sum)
    return (0..<count).map { Array(result[$0 * columns..<($0 + 1) * columns]) }
  }

  private func squares(_ block: [Double], _ columns: Int) throws -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for (place, value) in block.enumerated() { sums[place % columns] += value * value }
    try ranks.world.allReduce(&sums, .sum)
    return sums
  }

  private func ownRows(_ x: [Double], _ columns: Int) -> [Double] {
    Array(x[rows.lowerBound * columns..<rows.upperBound * columns])
  }

  /// Columns of the basis, [n, columns] on all ranks. Collective.
  private func whole(_ columns: Range<Int>) throws -> [Double] {
    var result = [Double](repeating: 0, count: n * columns.count)
    for (index, column) in columns.enumerated() {
      for row in rows {
        result[row * columns.count + index] =
          basis[column * rows.count + row - rows.lowerBound]
      }
    }
    try ranks.world.allReduce(&result, .sum)
    return result
  }
}
