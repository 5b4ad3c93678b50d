import CVector

/// An activation that is smooth except at 0, at one variance: the even and the odd parts of phi and
/// phi' as functions of |x|, in polynomials P_j(|z|) that are orthonormal for |z| with standard
/// normal z. For such functions, the Hermite coefficients decay too slowly.
struct HalfRangeExpansion: Sendable {
  /// The coefficients of the functions f in the even part f(|x|) and the odd part sign(x) f(|x|) of
  /// a function, scaled so that the mean square of the function is 1.
  struct Function: Sendable {
    private(set) var even: [Double]
    private(set) var odd: [Double]
    /// Whether the odd part, and therefore the function, jumps at 0.
    let jumps: Bool
  }

  let value: Function
  let slope: Function
  /// The number of coefficients that are above the rounding error.
  let count: Int

  /// The polynomials P_j, up to the largest number that may be needed.
  static let polynomials = OrthonormalPolynomials(HalfRangeLosses.counts.last ?? 0) { _ in
    2 / (2 * Double.pi).squareRoot()
  }

  /// Coefficients below this are rounding errors.
  private static let smallest = 1e-14

  /// The quadrature points, and the values of all polynomials there times the weights:
  /// [polynomial][point].
  private static let samples: (points: [Double], polynomials: [AlignedStorage<Double>]) = {
    var (points, weights) = ([Double](), [Double]())
    panelRule.fill([0, 28], width: width, to: &points, &weights)
    let weighted = (0..<polynomials.count).map { _ in
      AlignedStorage<Double>(count: points.count)
    }
    let norm = 2 / (2 * Double.pi).squareRoot()
    for place in points.indices {
      let x = points[place]
      let factor = weights[place] * norm * ntk_exp(-x * x / 2)
      for (j, value) in polynomials.values(at: x, weighted.count).enumerated() {
        weighted[j].base[place] = factor * value
      }
    }
    return (points, weighted)
  }()

  private static let panelRule = GaussLegendre(16)
  private static let width = 0.5
  private static let antiderivatives = panelRule.antiderivatives()

  /// The integrals from 0 to every point of the function with these values at the points.
  private static func primitive(_ values: [Double]) -> [Double] {
    var (total, result) = (0.0, [Double]())
    for start in stride(from: 0, to: values.count, by: panelRule.nodes.count) {
      func sum(_ weights: [Double]) -> Double {
        weights.indices.reduce(0) { $0 + weights[$1] * values[start + $1] } * width / 2
      }
      result += antiderivatives.map { total + sum($0) }
      total += sum(panelRule.weights)
    }
    return result
  }

  /// Returns nil if phi has breaks elsewhere, or needs more polynomials than there are.
  init?(_ function: ActivationFunction, variance: Double) {
    guard function.isSmoothBesidesZero else { return nil }
    let root = variance.squareRoot()
    let points = Self.samples.points
    let jumps = function.jumpsAtZero
    let (slopeRight, slopeLeft) = (
      function.slopes(at: points.map { root * $0 }), function.slopes(at: points.map { -root * $0 })
    )
    // Integrate phi', so that small variances keep their digits.
    let ends = function.values(at: [ActivationFunction.tiny, -ActivationFunction.tiny])
    let right = Self.primitive(slopeRight).map { ends[0] + root * $0 }
    let left = Self.primitive(slopeLeft).map { ends[1] - root * $0 }
    guard var value = Function(right, left, jumps: jumps.value),
      var slope = Function(slopeRight, slopeLeft, jumps: jumps.slope)
    else { return nil }
    let parts = [value.even, value.odd, slope.even, slope.odd]
    let last = parts.compactMap { part in part.lastIndex { abs($0) > Self.smallest } }.max() ?? 0
    guard last + 3 < Self.polynomials.count else { return nil }
    count = last + 1
    value.keep(count)
    slope.keep(count)
    (self.value, self.slope) = (value, slope)
  }

  /// P_j(0).
  private static let atZero = polynomials.values(at: 0, polynomials.count)

  /// Removes the rounding error at 0 of a function that is 0 there and has `count` coefficients,
  /// because `HalfRangeLosses` assumes an exact 0.
  static func makeZeroAtZero(_ coefficients: inout [Double], _ count: Int) {
    let (mutual, own) = (0..<count).reduce((0.0, 0.0)) { sums, j in
      (sums.0 + coefficients[j] * atZero[j], sums.1 + atZero[j] * atZero[j])
    }
    for j in 0..<count { coefficients[j] -= mutual / own * atZero[j] }
  }

  /// The scalar product a . b, over the length of `a`.
  static func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  /// The coefficients of the function with these values at the points. The number of points must be
  /// a multiple of the lanes.
  fileprivate static func coefficients(_ values: [Double]) -> [Double] {
    typealias L = Float64Lanes
    let function = AlignedStorage<Double>(count: values.count)
    for (place, value) in values.enumerated() { function.base[place] = value }
    return samples.polynomials.map { weighted in
      var sums = L(0)
      for place in stride(from: 0, to: values.count, by: L.count) {
        sums = sums.adding(L(at: weighted.base + place), times: L(at: function.base + place))
      }
      return sums.sum
    }
  }
}

extension HalfRangeExpansion.Function {
  /// From the values at the points (`right`) and at minus the points (`left`).
  fileprivate init?(_ right: [Double], _ left: [Double], jumps: Bool) {
    let even = HalfRangeExpansion.coefficients(zip(right, left).map { ($0 + $1) / 2 })
    let odd = HalfRangeExpansion.coefficients(zip(right, left).map { ($0 - $1) / 2 })
    let length = (HalfRangeExpansion.product(even, even) + HalfRangeExpansion.product(odd, odd))
      .squareRoot()
    guard length.isFinite else { return nil }
    let scale = length > 0 ? 1 / length : 0
    (self.even, self.odd, self.jumps) = (even.map { $0 * scale }, odd.map { $0 * scale }, jumps)
  }

  /// Removes the coefficients after the first `count`, which are rounding errors.
  fileprivate mutating func keep(_ count: Int) {
    for j in count..<even.count { (even[j], odd[j]) = (0, 0) }
    if !jumps { HalfRangeExpansion.makeZeroAtZero(&odd, count) }
  }
}
