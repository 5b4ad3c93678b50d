import BlockCyclic

/// An operation on a square distributed matrix. It determines which arrays are needed.
public enum Solver: Hashable, Sendable, CaseIterable {
  /// All eigenvalues (pdsyev 'N').
  case eigenvalues
  /// All eigenvalues by reduction to band form.
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
  /// The number of elements of workspace that a solver needs on the rank that needs the most.
  ///
  /// Source: the lower bounds of LWORK in the documentation of pdsyev and pdsyevd. The bound for pdsyevd omits the
  /// workspace of pdormtr, which it calls and which exceeds the rest if n is below about 3 nb. That workspace is added
  /// here.
  public func workspaceCount(for solver: Solver) -> Int {
    let np = rows.numroc(0)
    let nq = columns.numroc(0)
    return switch solver {
    case .eigenvalues: 5 * n + max(nb * (np + 1), 3 * nb) + 1
    case .eigenpairs:
      max(1 + 6 * n + 2 * np * nq, 3 * n + max(nb * (np + 1), 3 * nb)) + 2 * n
        + (np + nq + nb) * nb
    // The workspace of p?geqrf, or the part of a panel that a process column exchanges.
    case .band: nb * (max(np, nq) + 3 * nb)
    // ELPA allocates its own workspace, and indexes it with Fortran's array descriptors.
    case .cholesky, .elpaEigenvalues, .elpaEigenpairs: 0
    }
  }

  /// The first array of a solver, or of the matrix alone if `solver` is nil, that has more than 2^31 - 1 elements on
  /// some rank. Nil if all arrays fit.
  public func lp64Violation(for solver: Solver?) -> LP64Violation? {
    lp64Violation(workspace: solver.map(workspaceCount) ?? 0)
  }

  /// The smallest number of ranks, in a near-square grid, with which a solver can index its arrays, or nil if no number
  /// is enough.
  public static func smallestRanks(
    forOrder n: Int, solver: Solver?, nb: Int = 64
  ) throws(BlockCyclicError) -> Int? {
    try smallestRanks(forOrder: n, nb: nb) { solver.map($0.workspaceCount) ?? 0 }
  }

  /// Throws if a solver, or the matrix alone, would need an array that ScaLAPACK's 32-bit integers cannot index.
  ///
  /// Local; the same on all ranks.
  public func requireLP64(for solver: Solver? = nil) throws {
    guard let violation = lp64Violation(for: solver) else { return }
    let order = max(m, n)
    throw DistributedAlgebraError.tooLargeForLP64(
      violation: violation, order: order, ranks: grid.size,
      smallestRanks: try Self.smallestRanks(forOrder: order, solver: solver, nb: nb))
  }

  /// Throws if the matrix is not square in square blocks, as `routine` requires, or if a solver cannot index it. Local;
  /// the same on all ranks.
  func requireSquare(for routine: String, _ solver: Solver? = nil) throws {
    guard m == n && mb == nb && n > 0 else {
      throw DistributedAlgebraError.notSquare(routine: routine, layout: self)
    }
    if let solver { try requireLP64(for: solver) }
  }
}
