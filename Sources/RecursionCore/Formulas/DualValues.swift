/// Both duals of one pair in double precision, relative to their largest possible values; see
/// `Dual`.
struct DualValues: Sendable, Equatable {
  /// E[phi phi] / sqrt(E[phi(u)^2] E[phi(v)^2]), and 1 minus this ratio.
  var value: Double
  var valueDeficit: Double
  /// The corresponding numbers of phi'.
  var slope: Double
  var slopeDeficit: Double
}

/// A correlation c, stored as 1 - |c| and the sign of c, so that nothing cancels near 1 and -1.
struct Correlation: Sendable {
  /// 1 - |c|.
  let distance: Double
  let isNegative: Bool

  /// |c|.
  var magnitude: Double { 1 - distance }
}

extension DualValues {
  /// The duals by Mehler's series, E[phi phi] = sum_n a_n(q1) a_n(q2) c^n.
  init(_ x: HermiteExpansion, _ y: HermiteExpansion, _ correlation: Correlation) {
    let (values, slopes) = (
      MehlerSum(x.values, y.values, correlation),
      MehlerSum(x.slopes, y.slopes, correlation)
    )
    self.init(
      value: values.covariance, valueDeficit: values.deficit, slope: slopes.covariance,
      slopeDeficit: slopes.deficit)
  }
}

/// sum_n A_n B_n c^n for unit vectors A and B, and its deficit
///
///     1 - sum_n A_n B_n c^n = sum_n A_n B_n (1 - c^n) + |A - B|^2 / 2,
///
/// in which nothing cancels.
struct MehlerSum {
  let covariance: Double
  let deficit: Double

  init(_ a: [Double], _ b: [Double], _ correlation: Correlation) {
    var (even, odd, loss, rest, distance) = (0.0, 0.0, 0.0, 0.0, 0.0)
    let c = correlation.magnitude
    for n in stride(from: max(a.count, b.count) - 1, through: 0, by: -1) {
      let (x, y) = (n < a.count ? a[n] : 0, n < b.count ? b[n] : 0)
      let p = x * y
      (even, odd) = (p + c * odd, c * even)
      loss = rest + c * loss
      rest += p
      distance += (x - y) * (x - y)
    }
    let near = distance / 2 + correlation.distance * loss
    covariance = correlation.isNegative ? even - odd : even + odd
    deficit = correlation.isNegative ? near + 2 * odd : near
  }
}
