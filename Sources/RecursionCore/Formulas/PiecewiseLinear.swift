import CVector

/// A continuous, piecewise linear function, such as hard_tanh and relu6, whose duals have closed
/// forms. With phi' = s_0 + sum_j J_j 1(x > t_j), h_j = t_j / sqrt(q1), k_j = t_j / sqrt(q2) and
/// `OrthantLoss`,
///
///     E[phi' phi'](1) - E[phi' phi'](c) = sum_ij J_i J_j loss_ij(c),
///     E[phi phi](1) - E[phi phi](c) = sqrt(q1 q2) ((1 - c) E[phi' phi'](c) + sum_ij J_i J_j moment_ij(c)).
///
/// If the variances differ, the loss at c = 1 is half of E[(phi(u) - phi(v))^2], a sum over pieces,
/// minus half of the squared difference of the roots of E[phi^2].
struct PiecewiseLinear: Sendable {
  typealias Line = Normal.Line

  /// The breaks in ascending order.
  private let breaks: [Double]
  /// The pieces, one more than there are breaks.
  private let pieces: [Line]
  private let jumps: [Double]

  /// Returns nil if phi is not piecewise linear.
  init?(_ function: ActivationFunction) {
    guard !function.isSmooth, !function.jumps else { return nil }
    // Merge breaks that differ by rounding: several searches may find the same break.
    let all = function.everyBreak.reduce(into: [Double]()) { places, place in
      if let last = places.last, place - last <= 1e-12 * max(1, abs(place)) { return }
      places.append(place)
    }
    var (breaks, pieces) = ([Double](), [Line]())
    let ends = [(all.first ?? 0) - Self.beyond] + all + [(all.last ?? 0) + Self.beyond]
    for (low, high) in zip(ends, ends.dropFirst()) {
      guard let piece = Self.piece(function, low, high) else { return nil }
      if let last = pieces.last {
        if last.slope == piece.slope { continue }
        breaks.append(low)
      }
      pieces.append(piece)
    }
    guard !breaks.isEmpty, breaks.count <= Self.mostBreaks else { return nil }
    (self.breaks, self.pieces) = (breaks, pieces)
    jumps = zip(pieces, pieces.dropFirst()).map { $1.slope - $0.slope }
    guard hasMoments(of: function) else { return nil }
  }

  /// How far beyond the outermost breaks phi is checked.
  private static let beyond = 600.0
  /// The largest number of breaks; the time for a pair grows with its square.
  private static let mostBreaks = 16

  /// phi between two points; nil if it is not linear there.
  private static func piece(_ function: ActivationFunction, _ low: Double, _ high: Double) -> Line?
  {
    // Points at equal distances, and points that approach the ends.
    let even = (1..<64).map { Double($0) / 64 }
    let near = (7...40).flatMap { [0.7 * exp2(-$0), 1 - 0.7 * exp2(-$0)] }
    let places = (even + near).map { low + (high - low) * $0 }.filter { $0 > low && $0 < high }
    let (values, slopes) = (function.values(at: places), function.slopes(at: places))
    guard let slope = slopes.first, slopes.allSatisfy({ abs($0 - slope) <= 1e-14 * abs(slope) })
    else { return nil }
    // Anchor the line where numbers are small. phi is continuous, so the ends are valid points.
    let anchor = min(max(0, low), high)
    let line = Line(slope: slope, offset: function.values(at: [anchor])[0] - slope * anchor)
    let size = abs(line.offset) + abs(slope) * max(abs(low), abs(high))
    let isStraight = zip(places + [low, high], values + function.values(at: [low, high])).allSatisfy
    {
      abs($1 - line.value($0)) <= 1e-13 * size
    }
    return isStraight ? line : nil
  }

  private static func exp2(_ k: Int) -> Double { Double(sign: .plus, exponent: k, significand: 1) }

  /// Whether E[phi^2] and E[phi'^2] agree with the moments of the function at small and large
  /// variances. This detects curvature between the points that were checked.
  private func hasMoments(of function: ActivationFunction) -> Bool {
    let quadrature = PolarQuadrature(function)
    return (-10...7).allSatisfy { exponent in
      let variance = Self.exp2(exponent)
      let (found, known) = (moments(variance), quadrature.moments(variance: variance))
      return abs(found.square - known.square) <= 1e-11 * known.square
        && abs(found.derivativeSquare - known.derivativeSquare) <= 1e-11 * known.derivativeSquare
    }
  }

  /// E[phi^2] and E[phi'^2].
  func moments(_ variance: Double) -> Moments { Scaled(self, variance).moments }

  /// Both duals of a pair.
  func dual(_ q1: Double, _ q2: Double, _ correlation: Correlation) -> DualValues {
    let x = Scaled(self, q1)
    let y = q1 == q2 ? x : Scaled(self, q2)
    let atOne = q1 == q2 ? AtOne(x) : AtOne(x, y)
    var (losses, moments) = (0.0, 0.0)
    for (h, ofH) in zip(x.breaks, jumps) {
      for (k, ofK) in zip(y.breaks, jumps) {
        let loss = OrthantLoss(h, k, correlation)
        losses += ofH * ofK * loss.probability
        moments += ofH * ofK * loss.moment
      }
    }
    let distance = correlation.isNegative ? 2 - correlation.distance : correlation.distance
    let slopes = atOne.slopes - losses
    let value = atOne.lostValue + x.root * y.root * (distance * slopes + moments)
    func relative(_ deficit: Double, _ a: Double, _ b: Double) -> Double {
      let largest = (a * b).squareRoot()
      return largest > 0 ? max(deficit, 0) / largest : 0
    }
    let valueDeficit = relative(value, x.moments.square, y.moments.square)
    let slopeDeficit = relative(
      atOne.lostSlope + losses, x.moments.derivativeSquare, y.moments.derivativeSquare)
    return DualValues(
      value: 1 - valueDeficit, valueDeficit: valueDeficit, slope: 1 - slopeDeficit,
      slopeDeficit: slopeDeficit)
  }

  /// phi(sqrt(q) z) as a function of z.
  private struct Scaled {
    let root: Double
    let breaks: [Double]
    let pieces: [Line]
    /// The values of phi' on the pieces.
    let slopes: [Double]
    private(set) var moments = Moments(square: 0, derivativeSquare: 0)

    init(_ function: PiecewiseLinear, _ variance: Double) {
      root = variance.squareRoot()
      // With zero variance, breaks must remain finite numbers.
      let divisor = max(root, 1e-140)
      breaks = function.breaks.map { $0 / divisor }
      slopes = function.pieces.map(\.slope)
      let root = root
      pieces = function.pieces.map { Line(slope: $0.slope * root, offset: $0.offset) }
      for index in pieces.indices {
        let low = index > 0 ? breaks[index - 1] : -Double.infinity
        let high = index < breaks.count ? breaks[index] : Double.infinity
        moments.square += Normal.product(pieces[index], pieces[index], low, high)
        moments.derivativeSquare += slopes[index] * slopes[index] * Normal.probability(low, high)
      }
    }
  }

  /// The losses at c = 1, and E[phi' phi'] there.
  private struct AtOne {
    private(set) var slopes: Double
    /// sqrt(E[phi(u)^2] E[phi(v)^2]) - E[phi phi], and the corresponding loss of phi'.
    private(set) var lostValue = 0.0
    private(set) var lostSlope = 0.0

    /// For equal variances.
    init(_ x: Scaled) { slopes = x.moments.derivativeSquare }

    init(_ x: Scaled, _ y: Scaled) {
      slopes = 0
      var products = 0.0
      var (valueDistance, slopeDistance) = (0.0, 0.0)
      var (i, j, place) = (0, 0, -Double.infinity)
      while true {
        let next = (
          i < x.breaks.count ? x.breaks[i] : Double.infinity,
          j < y.breaks.count ? y.breaks[j] : Double.infinity
        )
        let end = min(next.0, next.1)
        let (a, b) = (x.pieces[i], y.pieces[j])
        let apart = Line(slope: a.slope - b.slope, offset: a.offset - b.offset)
        let probability = Normal.probability(place, end)
        products += Normal.product(a, b, place, end)
        valueDistance += Normal.product(apart, apart, place, end)
        slopes += x.slopes[i] * y.slopes[j] * probability
        let difference = x.slopes[i] - y.slopes[j]
        slopeDistance += difference * difference * probability
        guard end < Double.infinity else { break }
        if next.0 == end { i += 1 }
        if next.1 == end { j += 1 }
        place = end
      }
      lostValue = Self.lost(x.moments.square, y.moments.square, products, valueDistance)
      lostSlope = Self.lost(
        x.moments.derivativeSquare, y.moments.derivativeSquare, slopes, slopeDistance)
    }

    /// sqrt(a b) - `product`, computed from the squared distance if a and b are close to each
    /// other.
    private static func lost(_ a: Double, _ b: Double, _ product: Double, _ distance: Double)
      -> Double
    {
      if a > 4 * b || b > 4 * a { return max((a * b).squareRoot() - product, 0) }
      let difference = a.squareRoot() - b.squareRoot()
      return max(distance - difference * difference, 0) / 2
    }
  }
}
