import BLAS
import BlockCyclic
import MessagePassing

/// Some leading eigenvectors of a symmetric matrix, without the memory for all eigenvectors.
///
/// Shape: n x k. The columns are in ascending order of the eigenvalues, so the last column is the leading eigenvector.
public struct LeadingEigenpairs: ~Copyable {
  /// The k largest eigenvalues, in ascending order, on all ranks.
  public let values: [Double]
  /// The eigenvectors of these eigenvalues, of length 1.
  public let vectors: DistributedMatrix<Double>
  /// The number of blocks that were multiplied with the matrix.
  public let products: Int
}

/// The largest number of leading eigenpairs that `leadingEigenpairs` can compute. Local.
public func mostLeadingEigenpairs(of layout: MatrixLayout) -> Int {
  LanczosBasis.most(n: layout.n, blockSize: layout.nb)
}

/// Computes the k leading eigenpairs of a symmetric matrix, at most `mostLeadingEigenpairs`.
///
/// Collective. Reads the lower triangle of `a`. Memory: bases of n x (2 k + 8 blocks) and n x k.
///
/// - Parameter tolerance: The bound on |A v - lambda v|, relative to lambda_max.
/// - Parameter poll: Called after each product with the number of pairs known to have converged; collective; may throw
///   to stop.
///
/// Errors: the pairs do not converge within `maximumProducts`, or an element is not finite.
///
/// When all pairs have converged, the search starts once more, with random directions orthogonal to them. This is
/// necessary because a Krylov space contains at most as many copies of an eigenvalue as a block has columns.
///
/// Source: block Lanczos with full reorthogonalization (Golub and Underwood 1977) and thick restart (Wu and Simon, SIAM
/// J. Matrix Anal. Appl. 22, 2000).
public func leadingEigenpairs(
  of a: borrowing DistributedMatrix<Double>, count k: Int, tolerance: Double = 1e-12,
  maximumProducts: Int = 10_000, poll: (_ converged: Int) throws -> Void = { _ in }
) throws -> LeadingEigenpairs {
  let layout = a.layout
  try a.context.communicator.agree {
    try layout.requireSquare(for: "block Lanczos")
    let most = mostLeadingEigenpairs(of: layout)
    guard k > 0 && k <= most else {
      throw DistributedAlgebraError.mismatch(
        what: "the number of eigenvectors", value: k, expected: most)
    }
  }
  try a.requireFiniteLowerTriangle()
  let basis = try LanczosBasis(for: a, count: k)
  var products = 0
  var nextCheck = k
  // The values that had converged before the search with random directions.
  var known: [Double]?
  while true {
    try basis.expand(a)
    products += 1
    guard basis.done >= nextCheck || basis.isFull || basis.isComplete else {
      try poll(0)
      continue
    }
    let ritz = try basis.ritz(k)
    let bound = tolerance * ritz.largest
    let converged = ritz.residuals.reversed().prefix { $0 <= bound }.count
    try poll(converged)
    if basis.isComplete || converged >= k {
      let isKnown = known.map { zip($0, ritz.values).allSatisfy { $1 - $0 <= 10 * bound } } ?? false
      if basis.isComplete || isKnown {
        return LeadingEigenpairs(
          values: ritz.values, vectors: try basis.vectors(ritz, count: k), products: products)
      }
      known = ritz.values
      try basis.restart(ritz, keeping: k)
      try basis.beginAnew()
      nextCheck = basis.done + 4 * basis.width
      continue
    }
    guard products < maximumProducts else {
      throw CollectiveFailure(
        onAllRanks: DistributedAlgebraError.notConverged(
          routine: "block Lanczos", info: converged))
    }
    if basis.isFull { try basis.restart(ritz, keeping: basis.keptCount) }
    nextCheck = basis.done + max(basis.width, basis.done / 6)
  }
}
