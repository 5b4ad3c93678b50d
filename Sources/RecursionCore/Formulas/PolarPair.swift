import CVector

/// A pair of images in the quadrature over the plane; see `PolarQuadrature`.
struct PolarPair {
  let function: ActivationFunction
  let first: Moments
  let second: Moments
  private let root1: Double
  private let root2: Double
  private let sign: Double
  private let half: Double
  private let reach: Double
  /// The width of panels relative to the usual width.
  private let scale: Double
  /// The breaks of u / sqrt(q1) and of |v| / sqrt(q2).
  private let breaks1: [Double]
  private let breaks2: [Double]

  init(_ quadrature: PolarQuadrature, _ q1: Double, _ q2: Double, _ correlation: Correlation) {
    function = quadrature.function
    let none = (moments: Moments(square: .nan, derivativeSquare: .nan), scale: 1.0)
    let resolved1 = quadrature.resolved(q1) ?? none
    let resolved2 = q1 == q2 ? resolved1 : quadrature.resolved(q2) ?? none
    (first, second) = (resolved1.moments, resolved2.moments)
    scale = min(resolved1.scale, resolved2.scale)
    (root1, root2) = (q1.squareRoot(), q2.squareRoot())
    let sign = correlation.isNegative ? -1.0 : 1
    self.sign = sign
    let sine = (correlation.distance / 2).squareRoot()
    half = ntk_atan2(sine, max(1 - sine * sine, 0).squareRoot())
    reach = max(function.reach(root1), function.reach(root2))
    let (root1, root2) = (root1, root2)
    let reach = reach
    func breaks(_ function: ActivationFunction, _ root: Double) -> [Double] {
      root > 0 ? function.breaks(root).map { $0 / root }.filter { abs($0) < reach } : []
    }
    breaks1 = breaks(function, root1)
    breaks2 = breaks(function, root2).map { sign * $0 }
  }

  /// The bound of `Sector.isResolved`, relative to the largest ray. The error of the sums is of the order of its square.
  private static let tolerance = 2e-6
  /// The largest number of sectors that are made by halving. After that, sectors are used as they are.
  private static let mostHalves = 2000
  /// Narrower sectors are not halved.
  private static let leastAngle = 1e-12

  /// The sums over the plane. A sector is halved until it resolves how the rays depend on the angle. The initial
  /// sectors are narrow only near u = 0 and v = 0, which is not enough if phi oscillates.
  func sums() -> PolarSums {
    let ends = PolarQuadrature.rule.ends(ends(), width: .pi / 4)
    var sectors = zip(ends, ends.dropFirst()).map { Sector(self, $0, $1) }
    let largest = sectors.reduce(SIMD4<Double>()) { pointwiseMax($0, $1.largest) }
    // Rounding limits the accuracy of squares of small differences.
    let own = SIMD4(0, largest[0], 0, largest[2])
    let rounding = 1e-15 * (largest * own).squareRoot() + 1e-17 * own
    let bound = Self.tolerance * largest + rounding
    let most = sectors.count + Self.mostHalves
    var (sums, place) = (PolarSums(), 0)
    while place < sectors.count {
      let sector = sectors[place]
      place += 1
      if sectors.count >= most || sector.end - sector.start < Self.leastAngle
        || sector.isResolved(bound)
      {
        sums.all += sector.sum
        continue
      }
      let middle = (sector.start + sector.end) / 2
      sectors += [Sector(self, sector.start, middle), Sector(self, middle, sector.end)]
    }
    return sums
  }

  /// Angles over a full turn: where u or v is 0, where a break leaves the disk, and the directions in which
  /// breaks of u and v meet. In ascending order.
  private func ends() -> [Double] {
    let pi = Double.pi
    let lines = [-pi / 2 + half, pi / 2 + half, -pi / 2 - half, pi / 2 - half]
    var ends = lines
    // Near u = 0 and v = 0, u and v change sqrt(q) times as fast with the angle.
    var step = 4 * scale / (max(root1, root2) * reach)
    while step < pi / 4 {
      ends += lines.flatMap { [$0 - step, $0 + step] }
      step *= 2
    }
    for a in breaks1 where a != 0 {
      ends += rim(a, at: half)
      for b in breaks2 where b != 0 {
        // The point (x, y) with x cos(t/2) + y sin(t/2) = a and x cos(t/2) - y sin(t/2) = b.
        let (x, y) = ((a + b) * ntk_sin(half), (a - b) * ntk_cos(half))
        if x != 0 || y != 0 { ends.append(ntk_atan2(y, x)) }
      }
    }
    for b in breaks2 where b != 0 { ends += rim(b, at: -half) }
    let low = -pi / 2 - half
    ends = ends.map { $0 - 2 * pi * ((($0 - low) / (2 * pi)).rounded(.down)) }
    ends.append(low + 2 * pi)
    return ends.sorted()
  }

  /// The angles at which the line at distance `a` leaves the disk, and disks of 1/2, 1/4, ... of
  /// its radius, down to the line. From one angle to the next, the radius of the break changes by
  /// a factor of 2, however near to the center the line is.
  private func rim(_ a: Double, at center: Double) -> [Double] {
    var (ends, radius) = ([Double](), reach)
    // Points nearer to the center have no weight.
    while abs(a) < radius, radius > 1e-8 * reach {
      let cosine = a / radius
      let angle = ntk_atan2((1 - cosine * cosine).squareRoot(), cosine)
      ends += [center - angle, center + angle]
      radius /= 2
    }
    return ends
  }

  /// The sums over the ray at `angle`, per radian. A full turn has the weight 1.
  func ray(_ angle: Double) -> SIMD4<Double> {
    let (cosine1, cosine2) = (ntk_cos(angle - half), ntk_cos(angle + half))
    var ends = [0, reach]
    ends += breaks1.map { $0 / cosine1 }.filter { $0 > 0 && $0 < reach }
    ends += breaks2.map { $0 / cosine2 }.filter { $0 > 0 && $0 < reach }
    // Nodes between ends that differ by rounding could fall onto a break, where phi may be undefined.
    ends = ends.sorted().withoutNeighbors(within: 1e-14 * reach)
    var (radii, weights) = ([Double](), [Double]())
    PolarQuadrature.rule.fill(
      ends, width: scale * PolarQuadrature.width(max(root1, root2)), to: &radii, &weights
    )
    let (u, v) = (
      radii.map { root1 * cosine1 * $0 }, radii.map { sign * root2 * cosine2 * $0 }
    )
    let (values1, values2) = (function.values(at: u), function.values(at: v))
    let (slopes1, slopes2) = (function.slopes(at: u), function.slopes(at: v))
    // Moments that are not numbers make the duals NaN.
    func inverse(_ square: Double) -> Double {
      square > 0 || square.isNaN ? 1 / square.squareRoot() : 0
    }
    let (scale1, scale2) = (inverse(first.square), inverse(second.square))
    let (steep1, steep2) = (inverse(first.derivativeSquare), inverse(second.derivativeSquare))
    var sums = SIMD4<Double>()
    for index in radii.indices {
      let r = radii[index]
      let w = weights[index] * r * ntk_exp(-r * r / 2) / (2 * Double.pi)
      let (a, b) = (scale1 * values1[index], scale2 * values2[index])
      let (c, d) = (steep1 * slopes1[index], steep2 * slopes2[index])
      sums += w * SIMD4(a * b, (a - b) * (a - b), c * d, (c - d) * (c - d))
    }
    return sums
  }
}

/// Means over the plane, or over a ray, with both factors scaled to a mean square of 1.
struct PolarSums {
  /// Of phi phi, (phi - phi)^2, phi' phi' and (phi' - phi')^2.
  var all = SIMD4<Double>()

  /// Of covariance and deficit, the smaller one is computed, and the other follows from it.
  var dual: DualValues {
    func part(_ mean: Double, _ distance: Double) -> (Double, Double) {
      distance < 1 ? (1 - distance / 2, distance / 2) : (mean, 1 - mean)
    }
    let (values, slopes) = (part(all[0], all[1]), part(all[2], all[3]))
    return DualValues(
      value: values.0, valueDeficit: values.1, slope: slopes.0, slopeDeficit: slopes.1)
  }
}

/// A panel of angles, with the sums over the ray at each of its nodes.
private struct Sector {
  let start: Double
  let end: Double
  let rays: [SIMD4<Double>]

  init(_ pair: PolarPair, _ start: Double, _ end: Double) {
    (self.start, self.end) = (start, end)
    let (middle, half) = ((start + end) / 2, (end - start) / 2)
    rays = PolarQuadrature.rule.nodes.map { pair.ray(middle + half * $0) }
  }

  /// The integral over the sector.
  var sum: SIMD4<Double> {
    let half = (end - start) / 2
    return zip(rays, PolarQuadrature.rule.weights).reduce(SIMD4()) { $0 + half * $1.1 * $1.0 }
  }

  /// The largest absolute value of each sum over the rays.
  var largest: SIMD4<Double> {
    rays.reduce(SIMD4()) { pointwiseMax($0, pointwiseMax($1, -$1)) }
  }

  /// Whether the last two coefficients of the rays, expanded in Legendre polynomials of the angle, are below
  /// `bound`. The error of the quadrature rule is of the order of their squares.
  func isResolved(_ bound: SIMD4<Double>) -> Bool {
    Self.tails.allSatisfy { row in
      let coefficient = zip(rays, row).reduce(SIMD4<Double>()) { $0 + $1.1 * $1.0 }
      // Sums that are not numbers are not improved by halving.
      return (0..<4).allSatisfy { !(abs(coefficient[$0]) > bound[$0]) }
    }
  }

  private static let tails = PolarQuadrature.rule.tails()
}
