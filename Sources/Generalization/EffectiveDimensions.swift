/// Measures of how the trace of a kernel is spread over its eigenvalues.
public struct EffectiveDimensions: Sendable, Equatable {
  /// Figures of the eigenvalues after the first k.
  public struct Tail: Sendable, Equatable {
    /// The number k of eigenvalues before the tail.
    public let rank: Int
    /// r_k = sum_{i > k} lambda_i / lambda_{k+1}.
    public let effectiveRank: Double
    /// R_k = (sum_{i > k} lambda_i)^2 / sum_{i > k} lambda_i^2.
    public let participation: Double
  }

  /// The participation ratio of the whole spectrum, (sum lambda)^2 / sum lambda^2.
  public let participation: Double
  /// The tails after the first 0, 1, 3, 10, 30, ... eigenvalues, up to half of the eigenvalues.
  ///
  /// Source: Bartlett, Long, Lugosi and Tsigler, PNAS 117 (2020), definition 3.
  public let tails: [Tail]

  /// Computes the figures from eigenvalues in descending order. Eigenvalues at or below `floor` are rounding errors, so
  /// no tail begins with one of them.
  public init(_ values: [Double], floor: Double) {
    let n = values.count
    // Sum from the smallest value upward, so that large values do not swamp the sums of small ones.
    var sums = [Double](repeating: 0, count: n + 1)
    var squares = sums
    for index in stride(from: n - 1, through: 0, by: -1) {
      sums[index] = sums[index + 1] + values[index]
      squares[index] = squares[index + 1] + values[index] * values[index]
    }
    participation = squares[0] > 0 ? sums[0] * sums[0] / squares[0] : 0
    var ranks = [0]
    var power = 1
    while power <= n / 2 {
      ranks += [power, 3 * power].filter { $0 <= n / 2 }
      power *= 10
    }
    tails = ranks.filter { $0 < n && values[$0] > floor && squares[$0] > 0 }.map {
      Tail(
        rank: $0, effectiveRank: sums[$0] / values[$0],
        participation: sums[$0] * sums[$0] / squares[$0])
    }
  }
}
