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

  /// What a partial factorization leaves.
  public struct Tail: Sendable, Equatable {
    /// The largest eigenvalue.
    public var eigenvalue: Double
    /// How fast eigenvalues fall there, as a power of their number.
    public var decay: Double

    /// A tail.
    public init(eigenvalue: Double, decay: Double) {
      (self.eigenvalue, self.decay) = (eigenvalue, decay)
    }

    /// What a factorization leaves, by how fast the trace that is left falls.
    ///
    /// - Parameter traces: for 0, 1, 2, ... columns.
    public init(traces: [Double]) {
      let rank = traces.count - 1
      let (half, quarter) = (rank / 2, rank / 4)
      guard quarter > 0 else {
        self.init(eigenvalue: traces[rank], decay: RankPolicy.decay)
        return
      }
      // The columns between took the eigenvalues between: their means are those at 0.7 of the ends.
      let late = (traces[half] - traces[rank]) / Double(rank - half)
      let early = (traces[quarter] - traces[half]) / Double(half - quarter)
      let decay = late > 0 ? min(max(log2(early / late), 0.1), 3) : 3
      // Pivots drawn at random leave about twice what the best would.
      self.init(eigenvalue: min(2 * late * pow(0.7, decay), traces[rank]), decay: decay)
    }
  }

  /// Whether one column more than `rank` would cost more than it saves.
  public func isEnough(rank: Int, _ tail: Tail) -> Bool {
    let k = Double(max(rank, 1))
    let ratio = tail.eigenvalue / max(shift, .leastNormalMagnitude)
    let steps = iterations(eigenvalue: tail.eigenvalue)
    // Eigenvalues fall like k^-decay, so that steps do like k^(-decay / 2) while they are above s.
    let fewer = tail.decay / 2 * steps / k * (ratio < 1e9 ? ratio / (1 + ratio) : 1)
    let slower = steps * 4 * Double(order) * Double(columns)
    let cost = 8 * Double(order) * k + 27 * k * k
    return fewer * stepCost(rank: k) - slower < cost
  }

  /// How fast the eigenvalues of fully connected networks on CIFAR-10 fall, from the second to some
  /// thousandth of 50,000, as a power of their number.
  public static let decay = 1.05

  /// k^-decay.
  public static func fall(at k: Int) -> Double { pow(Double(max(k, 1)), -decay) }
}
