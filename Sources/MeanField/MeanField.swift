import Glibc

/// The limit of infinite depth of a fully connected network with one activation, weight variance
/// sigma_w^2 and bias variance sigma_b^2.
///
/// Source: Schoenholz et al. (2017); Xiao, Pennington and Schoenholz, arXiv 1912.13053, section 3.
public struct MeanField: Sendable {
  /// Which of two nearby inputs' fates a network brings about.
  public enum Phase: String, Sendable {
    /// They become equal: chi_1 < 1.
    case ordered
    /// chi_1 = 1, to rounding.
    case critical
    /// They part: chi_1 > 1.
    case chaotic
  }

  /// sigma_w^2.
  public let weightVariance: Double
  /// sigma_b^2.
  public let biasVariance: Double
  /// The variance of preactivations that depth does not change; infinity if it grows without bound.
  public let qStar: Double
  /// sigma_w^2 E[phi'(u)^2] at q*: by what a layer multiplies a small difference of two inputs, squared.
  public let chi1: Double
  /// 1 - c*, with full relative accuracy.
  public let gap: Double
  /// The slope of the map of correlations at c*.
  public let chiCStar: Double

  /// The correlation that two inputs come to.
  public var cStar: Double { 1 - gap }

  /// Where chi_1 is as near to 1, its depth scale is beyond 100,000 layers, and critical variances that
  /// people write to six digits are called critical.
  private static let tolerance = 1e-5

  /// On which side of criticality the network is.
  public var phase: Phase {
    abs(chi1 - 1) <= Self.tolerance ? .critical : chi1 < 1 ? .ordered : .chaotic
  }

  /// Layers over which chi_1^l changes by e; infinity at criticality.
  public var xi1: Double { 1 / abs(log(chi1)) }

  /// Layers over which correlations come to c*: -1 / log chi_c*.
  public var xiC: Double { 1 / abs(log(chiCStar)) }

  /// Layers over which the mean predictor forgets the data in the chaotic phase,
  /// -1 / (log chi_c* - log chi_1); nil in the others.
  public var xiStar: Double? {
    phase == .chaotic && chiCStar < chi1 ? 1 / (log(chi1) - log(chiCStar)) : nil
  }

  /// Finds the fixed points.
  ///
  /// Precondition: the weight variance is above 0, the bias variance not below.
  public init(_ moments: GaussianMoments, weightVariance: Double, biasVariance: Double) {
    self.weightVariance = weightVariance
    self.biasVariance = biasVariance
    let (q, place, slope) = Self.slope(moments, weightVariance, biasVariance)
    qStar = q
    chi1 = slope
    // At the fixed point this is q* itself; a variance that grows takes the correlation with it.
    let next = weightVariance * moments.square(place) + biasVariance
    func deficit(_ gap: Double) -> Double {
      weightVariance * moments.pair(place, gap).deficit / next
    }
    guard !slope.isNaN, next.isFinite else {
      // A variance that grows faster than any power: nothing can be said of correlations.
      (gap, chiCStar) = (.nan, .nan)
      return
    }
    guard slope > 1 + Self.tolerance, q > 0 else {
      (gap, chiCStar) = (0, slope)
      return
    }
    // The map of gaps begins with the slope chi_1 > 1 and is concave up to correlation 0, so it
    // crosses the diagonal once. If the variance grows without bound, it begins with slope 1 and falls.
    if deficit(1e-12) <= 1e-12 {
      (gap, chiCStar) = (0, slope)
      return
    }
    // Over the gap, so that small ones are found as well as large ones.
    let found = root(of: { deficit($0) / $0 - 1 }, 1e-12, 1)
    gap = found
    chiCStar = weightVariance * moments.pair(place, found).derivative
  }

  /// q*, a finite variance that stands for it, and chi_1 there.
  static func slope(
    _ moments: GaussianMoments, _ weight: Double, _ bias: Double
  ) -> (qStar: Double, place: Double, chi1: Double) {
    let q = fixedVariance(moments, weight, bias)
    // Unbounded activations of degree one have the same slope at every variance.
    let place = q == .infinity ? 1e12 : max(q, .leastNormalMagnitude.squareRoot())
    return (q, place, weight * moments.derivativeSquare(place))
  }

  /// The least fixed point up to 1: of an activation that grows fast, small variances may have one
  /// where large ones have none.
  private static func smallFixedVariance(
    _ growth: (Double) -> Double, _ bias: Double
  ) -> Double? {
    var low = max(bias, 1e-6)
    if growth(low) < 0 { return bias }
    while low < 1 {
      let high = low * 1.25
      if growth(low) > 0 && growth(high) <= 0 { return root(of: growth, low, high) }
      low = high
    }
    return nil
  }

  /// q with q = sigma_w^2 E[phi^2] + sigma_b^2: the stable one; infinity where there is none.
  private static func fixedVariance(
    _ moments: GaussianMoments, _ weight: Double, _ bias: Double
  ) -> Double {
    func growth(_ q: Double) -> Double { weight * moments.square(q) + bias - q }
    var high = max(bias, 1)
    while growth(high) > 0 {
      high *= 2
      if high > 1e12 { return smallFixedVariance(growth, bias) ?? .infinity }
    }
    var low = high
    while growth(low) <= 0 {
      low /= 2
      // Nothing above zero is kept.
      if low < 1e-200 { return bias }
    }
    return low == high ? low : root(of: growth, low, high)
  }
}
