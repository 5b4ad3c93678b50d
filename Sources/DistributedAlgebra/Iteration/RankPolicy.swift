import Glibc

/// Decides how many columns a preconditioner should have. More columns reduce the number of iterations, but take longer
/// to compute and to apply.
///
/// All costs are floating-point operations summed over all ranks, so the choice is the same on any machine and for any
/// number of ranks.
public struct RankPolicy: Sendable {
  /// The order of the matrix.
  public let order: Int
  /// The number of right-hand sides, summed over all shifts.
  public let columns: Int
  /// The smallest shift.
  public let shift: Double
  /// The factor by which residuals are to be reduced.
  public let reduction: Double

  /// Makes a policy.
  public init(order: Int, columns: Int, shift: Double, reduction: Double) {
    (self.order, self.columns, self.shift, self.reduction) = (order, columns, shift, reduction)
  }

  /// The estimated number of steps of conjugate gradients if `eigenvalue` is the largest eigenvalue that the
  /// preconditioner leaves: half of the bound sqrt(condition number) ln(2 / reduction).
  public func iterations(eigenvalue: Double) -> Double {
    let condition = 1 + eigenvalue / max(shift, .leastNormalMagnitude)
    return max(3, 0.5 * condition.squareRoot() * log(2 / reduction))
  }

  /// The operations of one step: a product with the matrix, and two products in the preconditioner.
  public func stepCost(rank k: Double) -> Double {
    let n = Double(order)
    return (2 * n * n + 4 * n * k) * Double(columns)
  }

  /// The operations needed to make a preconditioner: the factor, its Gram matrix with eigenvectors, and U.
  public func setupCost(rank k: Double) -> Double { 4 * Double(order) * k * k + 9 * k * k * k }

  /// The spectrum that a partial factorization leaves.
  public struct Tail: Sendable, Equatable {
    /// The largest remaining eigenvalue.
    public var eigenvalue: Double
    /// The exponent of the power law by which the eigenvalues fall with their index.
    public var decay: Double

    /// Makes a tail from its properties.
    public init(eigenvalue: Double, decay: Double) {
      (self.eigenvalue, self.decay) = (eigenvalue, decay)
    }

    /// Estimates the tail that a factorization leaves, from how fast the remaining trace falls.
    ///
    /// - Parameter traces: The remaining traces for 0, 1, 2, ... columns.
    public init(traces: [Double]) {
      let rank = traces.count - 1
      let (half, quarter) = (rank / 2, rank / 4)
      guard quarter > 0 else {
        self.init(eigenvalue: traces[rank], decay: RankPolicy.decay)
        return
      }
      // The columns between two ranks removed the eigenvalues between these ranks. Their mean is the eigenvalue at 0.7
      // times the upper rank.
      let late = (traces[half] - traces[rank]) / Double(rank - half)
      let early = (traces[quarter] - traces[half]) / Double(half - quarter)
      let decay = late > 0 ? min(max(log2(early / late), 0.1), 3) : 3
      // Pivots drawn at random leave about twice the eigenvalue that the best choice would leave.
      self.init(eigenvalue: min(2 * late * pow(0.7, decay), traces[rank]), decay: decay)
    }
  }

  /// Whether one more column than `rank` would cost more than it saves.
  public func isEnough(rank: Int, _ tail: Tail) -> Bool {
    let k = Double(max(rank, 1))
    let ratio = tail.eigenvalue / max(shift, .leastNormalMagnitude)
    let steps = iterations(eigenvalue: tail.eigenvalue)
    // Eigenvalues fall as k^-decay, so the number of steps falls as k^(-decay / 2) while the eigenvalues exceed the
    // shift s.
    let fewer = tail.decay / 2 * steps / k * (ratio < 1e9 ? ratio / (1 + ratio) : 1)
    let slower = steps * 4 * Double(order) * Double(columns)
    let cost = 8 * Double(order) * k + 27 * k * k
    return fewer * stepCost(rank: k) - slower < cost
  }

  /// The exponent by which the eigenvalues of fully connected networks on CIFAR-10 fall with their index, measured from
  /// the second to about the thousandth of 50,000.
  public static let decay = 1.05

  /// The value k^-decay.
  public static func fall(at k: Int) -> Double { pow(Double(max(k, 1)), -decay) }
}
