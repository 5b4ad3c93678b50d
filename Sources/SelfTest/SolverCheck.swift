import BlockCyclic
import DistributedAlgebra
import Foundation
import MessagePassing
import RankProgram

/// Checks ScaLAPACK's eigenpairs of a small matrix that is distributed over all ranks.
enum SolverCheck {
  /// The minimum order of the matrix; it may be larger, so that every rank has a part.
  private static let order = 160
  /// Residuals above this many units of rounding errors are not due to rounding.
  private static let limit = 20.0

  /// Performs the check. Collective.
  static func perform(_ site: Site) throws -> [Finding] {
    let context = try BLACSContext(on: site.world)
    let n = max(order, 4 * max(context.grid.nprow, context.grid.npcol))
    let layout = try site.ranks.agree { try MatrixLayout(order: n, grid: context.grid) }
    var matrix = try DistributedMatrix<Double>(uninitialized: layout, on: context)
    // The covariance of a random walk, because its eigenvalues are known.
    matrix.fill { i, j in Double(min(i, j) + 1) }
    var original = try matrix.copy()
    if site.isBroken("solver") { original.addToDiagonal(1) }
    let pairs = try eigenpairs(of: matrix)
    let found = try residuals(of: pairs.vectors, pairs.values, against: original)
    guard site.isRoot else { return [] }
    let expected = (1...n).map { (k: Int) -> Double in
      let half = sin(Double(2 * k - 1) * Double.pi / Double(4 * n + 2))
      return 1 / (4 * half * half)
    }.sorted()
    let scale = Double(n) * Double.ulpOfOne * (expected.last ?? 1)
    let error = (zip(pairs.values, expected).map { abs($0 - $1) }.max() ?? .infinity) / scale
    let worst = max(found.equation, found.orthogonality, error)
    let isGood = worst < limit
    let grid = "\(context.grid.nprow) x \(context.grid.npcol) ranks"
    return [
      Finding(
        "ScaLAPACK", "residual \(short(worst)) rounding errors on \(grid)", isGood ? .good : .bad,
        advice: isGood
          ? "" : "check that ScaLAPACK, BLACS and MPI belong together (--version --verbose)")
    ]
  }
}
