import CVector

/// A smooth activation at one variance, represented by its coefficients in normalized Hermite
/// polynomials h_n:
///
///     b_n = E[phi'(sqrt(q) z) h_n(z)],    E[phi(sqrt(q) z) h_n(z)] = sqrt(q / n) b_(n-1), n >= 1
///
/// (Stein), so that small variances keep their digits. The integrals are sums over equal steps,
/// which converge exponentially for functions that are analytic near the real axis.
struct HermiteExpansion: Sendable {
  /// The coefficients, up to the point where the rest changes no dual by more than rounding.
  let vectors: HermiteVectors
  /// Whether the coefficients decay without a gap, so that tables can follow them from variance to
  /// variance.
  let isGradual: Bool
  /// E[phi^2] and E[phi'^2], the sums of squares of the coefficients.
  let moments: Moments

  /// The expansion ends when all further coefficients are below `smallest` times the root of
  /// E[phi'^2], times n^(-1/2). Multiplied by the coefficients of a larger variance, which decay
  /// more slowly, they are then below rounding. From coefficient `many` on, the coefficients of the
  /// larger variance are small as well, and only the products matter: the bound is then
  /// `smallestOfMany`, and `smallestLast` for the last coefficient. Closed forms at variances up to
  /// 64 agree to 1e-12 (`FormulaActivationTests.largeVariances`).
  fileprivate static let smallest = 1e-13
  fileprivate static let (many, smallestOfMany, smallestLast) = (3000, 1e-10, 1e-6)
  /// The largest number of coefficients, and the largest n of the step 1 / 2^n.
  static let limits = (count: 12_000, step: 9)

  /// Expands `function` at one variance. Returns nil if the expansion would be too long because phi
  /// is not smooth on the scale of sqrt(q).
  init?(_ function: ActivationFunction, variance: Double) {
    let root = variance.squareRoot()
    guard var nodes = Self.nodes(function, root, step: 3) else { return nil }
    let points = Points(function, root)
    var level = 3
    var found: (slopes: [Double], isGradual: Bool)?
    while found == nil {
      level += 1
      guard level <= Self.limits.step,
        let finer = Self.nodes(function, root, step: level)
      else { return nil }
      let isDone = finer.agrees(with: nodes)
      nodes = finer
      guard isDone else { continue }
      guard let coefficients = nodes.coefficients() else { return nil }
      if points.agree(with: coefficients.slopes, scale: nodes.square.squareRoot()) {
        found = coefficients
      }
    }
    guard let (slopes, isGradual) = found else { return nil }
    self.isGradual = isGradual
    let lengths: (values: Double, slopes: Double)
    (vectors, lengths) = HermiteVectors.of(mean: nodes.mean, root: root, slopes)
    moments = Moments(
      square: lengths.values * lengths.values, derivativeSquare: lengths.slopes * lengths.slopes)
  }

  var values: [Double] { vectors.values }
  var slopes: [Double] { vectors.slopes }

  private static func nodes(
    _ function: ActivationFunction, _ root: Double, step: Int
  ) -> Nodes? {
    let nodes = Nodes(function, root, step: 1 / Double(1 << step))
    return nodes.square.isFinite && nodes.mean.isFinite ? nodes : nil
  }
}

/// phi' at a few points between the nodes. A function that oscillates faster than the nodes can
/// resolve has exactly the same sums as a slower function. The two differ only between the nodes.
private struct Points {
  private let z: [Double]
  /// The sums and the differences of phi' at z and -z.
  private let even: [Double]
  private let odd: [Double]

  init(_ function: ActivationFunction, _ root: Double) {
    z = (0..<16).map { 0.1371 + 5.5 / 16 * Double($0) }
    let (right, left) = (
      function.slopes(at: z.map { root * $0 }), function.slopes(at: z.map { -root * $0 })
    )
    even = zip(right, left).map { $0 + $1 }
    odd = zip(right, left).map { $0 - $1 }
  }

  /// Whether the sum of coefficients times polynomials agrees with phi' at these points.
  func agree(with coefficients: [Double], scale: Double) -> Bool {
    // The truncation error of long expansions is larger.
    let tolerance = coefficients.count < HermiteExpansion.many ? 1e-8 : 1e-4
    return z.indices.allSatisfy { place in
      let z = z[place]
      var (before, here) = (0.0, 1.0)
      var (evenSum, oddSum) = (0.0, 0.0)
      for (n, b) in coefficients.enumerated() {
        if n % 2 == 0 { evenSum += 2 * b * here } else { oddSum += 2 * b * here }
        let next = z * here - Double(n).squareRoot() * before
        (before, here) = (here, next / Double(n + 1).squareRoot())
      }
      let error = max(abs(evenSum - even[place]), abs(oddSum - odd[place]))
      return ntk_exp(-z * z / 4) * error <= tolerance * scale
    }
  }
}

/// The sums and the differences of phi' at z and -z, for equal steps of z > 0, times the weights of
/// the normal distribution. The last lanes are filled with zeros.
private struct Nodes {
  private typealias L = Float64Lanes

  private let count: Int
  private let z: AlignedStorage<Double>
  private let even: AlignedStorage<Double>
  private let odd: AlignedStorage<Double>
  /// E[phi] and E[phi'^2].
  let mean: Double
  let square: Double

  init(_ function: ActivationFunction, _ root: Double, step: Double) {
    // There is no node at 0, where a quotient may be undefined.
    let points = stride(from: step / 2, to: function.reach(root), by: step).map { $0 }
    count = (points.count + L.count - 1) / L.count * L.count
    z = AlignedStorage(count: count)
    even = AlignedStorage(count: count)
    odd = AlignedStorage(count: count)
    let (right, left) = (points.map { root * $0 }, points.map { -root * $0 })
    let (slopeRight, slopeLeft) = (function.slopes(at: right), function.slopes(at: left))
    let (valueRight, valueLeft) = (function.values(at: right), function.values(at: left))
    var (mean, square) = (0.0, 0.0)
    for (index, point) in points.enumerated().reversed() {
      let weight = ntk_exp(-point * point / 2) * step / (2 * Double.pi).squareRoot()
      let (a, b) = (slopeRight[index], slopeLeft[index])
      z.base[index] = point
      even.base[index] = weight * (a + b)
      odd.base[index] = weight * (a - b)
      mean += weight * (valueRight[index] + valueLeft[index])
      square += weight * (a * a + b * b)
    }
    (self.mean, self.square) = (mean, square)
  }

  func agrees(with coarser: Nodes) -> Bool {
    abs(square - coarser.square) <= 4e-15 * square
      && abs(mean - coarser.mean) <= 4e-15 * (abs(mean) + square.squareRoot())
  }

  /// Computes b_n until eight coefficients in a row are small and their squares sum to E[phi'^2].
  /// The second condition is needed for fast oscillations, whose large coefficients come far after
  /// small ones.
  ///
  /// - Returns: the coefficients, and whether the first eight small coefficients are the last ones.
  func coefficients() -> (slopes: [Double], isGradual: Bool)? {
    typealias Limit = HermiteExpansion
    var coefficients: [Double] = []
    var walk = HermiteWalk(z)
    let scale = square.squareRoot()
    var (small, found, isGradual) = (0, 0.0, true)
    for n in 0..<Limit.limits.count {
      let b = walk.sum(n % 2 == 0 ? even : odd)
      coefficients.append(b)
      found += b * b
      let bound = n < Limit.many ? Limit.smallest : Limit.smallestOfMany
      small = abs(b) * Double(n + 1).squareRoot() <= bound * scale ? small + 1 : 0
      guard small >= 8 else { continue }
      if found >= (1 - 1e-13) * square { return (coefficients.dropLast(small), isGradual) }
      isGradual = false
    }
    let last = coefficients.suffix(8).reduce(0) { max($0, abs($1)) }
    let isSmall = last * Double(coefficients.count).squareRoot() <= Limit.smallestLast * scale
    return isSmall && isGradual && found >= (1 - 1e-12) * square ? (coefficients, true) : nil
  }
}
