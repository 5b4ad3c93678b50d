/// A local array that 32-bit ScaLAPACK cannot index.
public struct LP64Violation: Equatable, Sendable {
  /// Which array, such as `the local matrix`.
  public let array: String
  /// The number of elements it would have.
  public let elements: Int

  /// Names an array and its number of elements.
  public init(array: String, elements: Int) {
    self.array = array
    self.elements = elements
  }
}

/// What is done with a square distributed matrix, which decides the arrays that it takes.
public enum Solver: Hashable, Sendable, CaseIterable {
  /// All eigenvalues (pdsyev 'N').
  case eigenvalues
  /// All eigenvalues by way of a band.
  case band
  /// All eigenvalues and eigenvectors (pdsyevd).
  case eigenpairs
  /// All eigenvalues by ELPA.
  case elpaEigenvalues
  /// All eigenvalues and eigenvectors by ELPA.
  case elpaEigenpairs
  /// Cholesky factorization and solution (pdpotrf, pdpotrs).
  case cholesky
}

extension MatrixLayout {
  /// The largest number of elements that an LP64 library, whose integers have 32 bits, can index.
  public static let largestArray = Int(Int32.max)

  /// The elements of workspace that a solver takes on the rank that needs most.
  ///
  /// Source: the lower bounds of LWORK in the documentation of pdsyev and pdsyevd. The latter's
  /// forgets what pdormtr takes inside it, which exceeds the rest for n below about 3 nb; it is
  /// added here.
  public func workspaceCount(for solver: Solver) -> Int {
    let np = rows.numroc(0)
    let nq = columns.numroc(0)
    return switch solver {
    case .eigenvalues: 5 * n + max(nb * (np + 1), 3 * nb) + 1
    case .eigenpairs:
      max(1 + 6 * n + 2 * np * nq, 3 * n + max(nb * (np + 1), 3 * nb)) + 2 * n
        + (np + nq + nb) * nb
    // p?geqrf's, which exceeds the panels of the block reflector.
    case .band: nb * (np + 3 * nb)
    // ELPA allocates its own, and indexes it in Fortran's array descriptors.
    case .cholesky, .elpaEigenvalues, .elpaEigenpairs: 0
    }
  }

  /// The first array that has more than 2^31 - 1 elements on any rank; nil where all fit.
  public func lp64Violation(for solver: Solver) -> LP64Violation? {
    let limit = Self.largestArray
    if m > limit || n > limit {
      return LP64Violation(array: "the order of the matrix", elements: max(m, n))
    }
    if largestLocalCount > limit {
      return LP64Violation(array: "the local matrix", elements: largestLocalCount)
    }
    let workspace = workspaceCount(for: solver)
    if workspace > limit {
      return LP64Violation(array: "the local workspace", elements: workspace)
    }
    return nil
  }

  /// The least number of ranks, in a near-square grid, on which a solver can index its arrays.
  ///
  /// Nil where no number helps, because the order or a workspace of full length is too large.
  public static func smallestRanks(
    forOrder n: Int, solver: Solver, nb: Int = 64
  ) throws(BlockCyclicError) -> Int? {
    try require("the order of the matrix", n, atLeast: 1)
    // A workspace of eight whole vectors is not spread over the ranks.
    guard n <= largestArray / 8 else { return nil }
    // The local matrix alone gives a lower bound, which spares the search from 1.
    var ranks = max(1, n * n / (largestArray + 1))
    while true {
      let layout = try MatrixLayout(order: n, nb: nb, grid: .nearSquare(ranks: ranks))
      if layout.lp64Violation(for: solver) == nil { return ranks }
      ranks += 1
    }
  }
}
