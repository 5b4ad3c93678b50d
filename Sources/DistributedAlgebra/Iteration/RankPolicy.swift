import Glibc

/// How many columns a preconditioner is worth: more make fewer iterations, and take longer themselves.
///
/// Everything is counted in floating-point operations of all ranks, so that the choice is the same on
/// any machine and any number of ranks.
public struct RankPolicy: Sendable {
  /// The order of the matrix.
  public let order: Int
  /// Right-hand sides, of all shifts together.
  public let columns: Int
  /// The least shift.
  public let shift: Double
  /// What a residual is to be reduced by.
  public let reduction: Double

  /// A policy.
  public init(order: Int, columns: Int, shift: Double, reduction: Double) {
    (self.order, self.columns, self.shift, self.reduction) = (order, columns, shift, reduction)
  }

  /// Steps of conjugate gradients where `eigenvalue` is the largest that the preconditioner leaves: half
  /// of sqrt(condition number) ln(2 / reduction), the bound.
  public func iterations(eigenvalue: Double) -> Double {
    let condition = 1 + eigenvalue / max(shift, .leastNormalMagnitude)
    return max(3, 0.5 * condition.squareRoot() * log(2 / reduction))
  }

  /// Operations of one step: a product with the matrix, and the preconditioner twice.
  public func stepCost(rank k: Double) -> Double {
    let n = Double(order)
    return (2 * n * n + 4 * n * k) * Double(columns)
  }

  /// Operations of making a preconditioner: the factor, its Gram matrix with eigenvectors, and U.
  public func setupCost(rank k: Double) -> Double { 4 * Double(order) * k * k + 9 * k * k * k }

  /// Whether one column more would cost more than it saves.
  ///
  /// - Parameter eigenvalue: the largest eigenvalue that `rank` columns leave.
  public func isEnough(rank: Int, eigenvalue: Double) -> Bool {
    let k = Double(max(rank, 1))
    let ratio = eigenvalue / max(shift, .leastNormalMagnitude)
    let steps = iterations(eigenvalue: eigenvalue)
    // Eigenvalues fall like k^-decay, so that steps do like k^(-decay / 2) while they are above s.
    let fewer = Self.decay / 2 * steps / k * ratio / (1 + ratio)
    let slower = steps * 4 * Double(order) * Double(columns)
    let cost = 8 * Double(order) * k + 27 * k * k
    return fewer * stepCost(rank: k) - slower < cost
  }

  /// The largest eigenvalue that a partial factorization leaves, by how fast the trace that is left
  /// falls.
  public static func eigenvalueLeft(traces: [Double]) -> Double {
    let rank = traces.count - 1
    guard rank > 0 else { return traces[0] }
    let before = rank / 2
    // Half of the way back, the trace lost the eigenvalues between: their mean is that at 0.7 of the rank.
    let mean = (traces[before] - traces[rank]) / Double(rank - before)
    return min(mean * pow(0.7, decay), traces[rank])
  }

  /// How fast the eigenvalues of kernels of images fall, as a power of their number.
  public static let decay = 1.3

  /// k^-decay.
  public static func fall(at k: Int) -> Double { pow(Double(max(k, 1)), -decay) }
}
