import Glibc

/// The infinite-depth limit of a fully connected network with one activation, weight variance
/// sigma_w^2 and bias variance sigma_b^2.
///
/// Source: Schoenholz et al. (2017); Xiao, Pennington and Schoenholz, arXiv 1912.13053, section 3.
public struct MeanField: Sendable {
  /// The phases of a network, by the fate of two nearby inputs.
  public enum Phase: String, Sendable {
    /// Nearby inputs become equal: chi_1 < 1.
    case ordered
    /// chi_1 = 1, up to rounding.
    case critical
    /// Nearby inputs diverge: chi_1 > 1.
    case chaotic
  }

  /// sigma_w^2.
  public let weightVariance: Double
  /// sigma_b^2.
  public let biasVariance: Double
  /// The fixed point of the variance of preactivations; infinity if the variance grows without
  /// bound.
  public let qStar: Double
  /// sigma_w^2 E[phi'(u)^2] at q*: the factor by which a layer multiplies the square of a small
  /// difference of two inputs.
  public let chi1: Double
  /// 1 - c*, with full relative accuracy.
  public let gap: Double
  /// The slope of the map of correlations at c*.
  public let chiCStar: Double

  /// The correlation to which two inputs converge.
  public var cStar: Double { 1 - gap }

  /// If chi_1 is this close to 1, its depth scale is beyond 100,000 layers. Critical variances that
  /// are written with six digits are then classified as critical.
  private static let tolerance = 1e-5

  /// The phase of the network.
  public var phase: Phase {
    abs(chi1 - 1) <= Self.tolerance ? .critical : chi1 < 1 ? .ordered : .chaotic
  }

  /// The number of layers over which chi_1^l changes by a factor of e; infinity at criticality.
  public var xi1: Double { 1 / abs(log(chi1)) }

  /// The number of layers over which correlations converge to c*: -1 / log chi_c*.
  public var xiC: Double { 1 / abs(log(chiCStar)) }

  /// The number of layers over which the mean predictor forgets the data in the chaotic phase,
  /// -1 / (log chi_c* - log chi_1); nil in the other phases.
  public var xiStar: Double? {
    phase == .chaotic && chiCStar < chi1 ? 1 / (log(chi1) - log(chiCStar)) : nil
  }

  /// Finds the fixed points.
  ///
  /// Precondition: the weight variance is positive, and the bias variance is not negative.
  public init(_ moments: GaussianMoments, weightVariance: Double, biasVariance: Double) {
    self.weightVariance = weightVariance
    self.biasVariance = biasVariance
    let (q, place, slope) = Self.slope(moments, weightVariance, biasVariance)
    qStar = q
    chi1 = slope
    // The variance after one more layer: q* itself at the fixed point. If the variance grows,
    // correlations refer to the new variance.
    let next = weightVariance * moments.square(place) + biasVariance
    func deficit(_ gap: Double) -> Double {
      weightVariance * moments.pair(place, gap).deficit / next
    }
    guard !slope.isNaN, next.isFinite else {
      // The variance grows faster than any power, so nothing is known about correlations.
      (gap, chiCStar) = (.nan, .nan)
      return
    }
    guard slope > 1 + Self.tolerance, q > 0 else {
      (gap, chiCStar) = (0, slope)
      return
    }
    // The map of gaps begins with the slope chi_1 > 1 and is concave up to correlation 0, so it
    // crosses the diagonal once. If the variance grows without bound, the map begins with slope 1,
    // and the slope decreases.
    if deficit(1e-12) <= 1e-12 {
      (gap, chiCStar) = (0, slope)
      return
    }
    // Divide by the gap, so that small gaps are found as reliably as large ones.
    let found = root(of: { deficit($0) / $0 - 1 }, 1e-12, 1)
    gap = found
    chiCStar = weightVariance * moments.pair(place, found).derivative
  }

  /// q*, a finite variance `place` that represents it, and chi_1 at `place`.
  static func slope(
    _ moments: GaussianMoments, _ weight: Double, _ bias: Double
  ) -> (qStar: Double, place: Double, chi1: Double) {
    let q = fixedVariance(moments, weight, bias)
    // Unbounded activations of degree one have the same slope at every variance.
    let place = q == .infinity ? 1e12 : max(q, .leastNormalMagnitude.squareRoot())
    return (q, place, weight * moments.derivativeSquare(place))
  }

  /// The smallest fixed point up to 1. If an activation grows fast, there may be a fixed point at
  /// small variances but none at large ones.
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

  /// The stable q with q = sigma_w^2 E[phi^2] + sigma_b^2; infinity if there is none.
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
      // There is no fixed point above zero.
      if low < 1e-200 { return bias }
    }
    return low == high ? low : root(of: growth, low, high)
  }
}
