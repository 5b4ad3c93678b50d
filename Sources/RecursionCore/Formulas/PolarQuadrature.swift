import CVector

/// Duals of any activation that is smooth between its breaks, by quadrature in polar coordinates:
///
///     u = sqrt(q1) r cos(w - t/2),    v = +-sqrt(q2) r cos(w + t/2),    cos t = |c|,
///
/// with rays and angles divided where u or v meets a break. This is slow but valid for every pair:
/// it takes a few thousand values of phi and has errors of about 1e-14 of the largest covariance.
/// The deficits are means of squared differences, so they lose digits only when u and v agree to
/// rounding.
struct PolarQuadrature: Sendable {
  private let function: ActivationFunction
  private static let rule = GaussLegendre(14)

  init(_ function: ActivationFunction) { self.function = function }

  /// E[phi^2] and E[phi'^2]; NaN if phi varies too quickly for the quadrature.
  func moments(variance: Double) -> Moments {
    resolved(variance)?.moments ?? Moments(square: .nan, derivativeSquare: .nan)
  }

  /// The largest number of times that panels are halved.
  private static let mostHalvings = 5

  /// The moments, and the largest of 1, 1/2, 1/4 ... times the usual width of panels that resolves
  /// them. nil if the smallest width does not.
  private func resolved(_ variance: Double) -> (moments: Moments, scale: Double)? {
    let root = variance.squareRoot()
    let reach = function.reach(root)
    let inner = root > 0 ? function.breaks(root).map { $0 / root } : []
    var ends = Self.rule.ends(
      ([-reach, 0, reach] + inner.filter { abs($0) < reach }).sorted(), width: Self.width(root))
    var coarse = panels(root, ends)
    var scale = 1.0
    for _ in 0...Self.mostHalvings {
      ends = zip(ends, ends.dropFirst()).flatMap { [$0, ($0 + $1) / 2] } + ends.suffix(1)
      let fine = panels(root, ends)
      let total = fine.reduce(Moments(square: 0, derivativeSquare: 0)) { $0 + $1 }
      // Compare panel by panel: in the sums over panels, errors of oscillating functions may
      // cancel.
      var error = Moments(square: 0, derivativeSquare: 0)
      for (place, panel) in coarse.enumerated() {
        let halves = fine[2 * place] + fine[2 * place + 1]
        error.square += abs(panel.square - halves.square)
        error.derivativeSquare += abs(panel.derivativeSquare - halves.derivativeSquare)
      }
      func isBelow(_ tolerance: Double) -> Bool {
        error.square <= tolerance * total.square
          && error.derivativeSquare <= tolerance * total.derivativeSquare
      }
      if isBelow(2e-12) { return (total, scale) }
      scale /= 2
      // Halving the width squares the error.
      if isBelow(1e-8) { return (total, scale) }
      coarse = fine
    }
    return nil
  }

  /// The contribution of each panel between neighboring ends to the moments.
  private func panels(_ root: Double, _ ends: [Double]) -> [Moments] {
    var (z, weights) = ([Double](), [Double]())
    Self.rule.fill(ends, width: .infinity, to: &z, &weights)
    let points = z.map { root * $0 }
    let (values, slopes) = (function.values(at: points), function.slopes(at: points))
    let norm = (2 * Double.pi).squareRoot()
    let count = Self.rule.nodes.count
    return (0..<z.count / count).map { panel in
      var moments = Moments(square: 0, derivativeSquare: 0)
      for index in panel * count..<(panel + 1) * count {
        let weight = weights[index] * ntk_exp(-z[index] * z[index] / 2) / norm
        moments.square += weight * values[index] * values[index]
        moments.derivativeSquare += weight * slopes[index] * slopes[index]
      }
      return moments
    }
  }

  /// The width of panels that resolve functions that vary on a scale of 1 in x. It has a lower
  /// bound, because large variances are refused anyway.
  private static func width(_ root: Double) -> Double { max(min(2, 2.5 / root), 0.1) }

  /// Both duals of a pair.
  func dual(_ q1: Double, _ q2: Double, _ correlation: Correlation) -> DualValues {
    Pair(self, q1, q2, correlation).sums().dual
  }

  /// Means over the plane, or over a ray, with both factors scaled to a mean square of 1.
  private struct Sums {
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

    init(_ pair: Pair, _ start: Double, _ end: Double) {
      (self.start, self.end) = (start, end)
      let (middle, half) = ((start + end) / 2, (end - start) / 2)
      rays = rule.nodes.map { pair.ray(middle + half * $0) }
    }

    /// The integral over the sector.
    var sum: SIMD4<Double> {
      let half = (end - start) / 2
      return zip(rays, rule.weights).reduce(SIMD4()) { $0 + half * $1.1 * $1.0 }
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

    /// Weights of the nodes that give the last two coefficients.
    private static let tails = (rule.nodes.count - 2..<rule.nodes.count).map { n in
      zip(rule.nodes, rule.weights).map { x, weight in
        var (before, here) = (1.0, x)
        for k in 2...n {
          (before, here) = (
            here, (Double(2 * k - 1) * x * here - Double(k - 1) * before) / Double(k)
          )
        }
        return Double(2 * n + 1) / 2 * weight * here
      }
    }
  }

  private struct Pair {
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
      breaks1 = root1 > 0 ? function.breaks(root1).map { $0 / root1 } : []
      breaks2 = root2 > 0 ? function.breaks(root2).map { sign * $0 / root2 } : []
    }

    /// The bound of `Sector.isResolved`, relative to the largest ray. The error of the sums is of the order of its square.
    private static let tolerance = 2e-6
    /// The largest number of sectors. When it is reached, sectors are no longer halved.
    private static let mostSectors = 2000

    /// The sums over the plane. A sector is halved until it resolves how the rays depend on the angle. The initial
    /// sectors are narrow only near u = 0 and v = 0, which is not enough if phi oscillates.
    func sums() -> Sums {
      let ends = PolarQuadrature.rule.ends(ends(), width: .pi / 4)
      var sectors = zip(ends, ends.dropFirst()).map { Sector(self, $0, $1) }
      let largest = sectors.reduce(SIMD4<Double>()) { pointwiseMax($0, $1.largest) }
      // Rounding limits the accuracy of squares of small differences.
      let rounding = 1e-15 * largest.squareRoot() * SIMD4(0, 1, 0, 1)
      let bound = Self.tolerance * largest + rounding
      var (sums, count) = (Sums(), sectors.count)
      while let sector = sectors.popLast() {
        if count >= Self.mostSectors || sector.isResolved(bound) {
          sums.all += sector.sum
          continue
        }
        let middle = (sector.start + sector.end) / 2
        sectors += [Sector(self, sector.start, middle), Sector(self, middle, sector.end)]
        count += 2
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
      var (radii, weights) = ([Double](), [Double]())
      PolarQuadrature.rule.fill(
        ends.sorted(), width: scale * PolarQuadrature.width(max(root1, root2)), to: &radii, &weights
      )
      let (u, v) = (
        radii.map { root1 * cosine1 * $0 }, radii.map { sign * root2 * cosine2 * $0 }
      )
      let (values1, values2) = (function.values(at: u), function.values(at: v))
      let (slopes1, slopes2) = (function.slopes(at: u), function.slopes(at: v))
      func inverse(_ square: Double) -> Double { square > 0 ? 1 / square.squareRoot() : 0 }
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
}

extension Moments {
  fileprivate static func + (a: Moments, b: Moments) -> Moments {
    Moments(
      square: a.square + b.square, derivativeSquare: a.derivativeSquare + b.derivativeSquare)
  }
}
