import CVector

/// The loss of the probability P(X > h, Y > k) of two standard normal variables as their
/// correlation decreases from 1 to c. Let f(r) be the density of (X, Y) at (h, k) for correlation
/// r, and F = E[max(X - h, 0) max(Y - k, 0)]. Then
///
///     dP / dr = f,    F(1) - F(c) = (1 - c) P(c) + integral of (1 - r) f from c to 1.
///
/// The closed forms use Owen's function (Owen 1956),
///
///     T(h, a) = 1 / (2 pi) integral of e^(-h^2 (1 + x^2) / 2) / (1 + x^2) from 0 to a,
///
/// and have errors of a few 1e-17. If h = k or nearly so, and |h| is at most about 5, the results
/// have the same number of correct digits however close the correlation is to 1.
struct OrthantLoss {
  /// P(X > max(h, k)) - P(X > h, Y > k).
  let probability: Double
  /// The integral of (1 - r) f(r) from c to 1.
  let moment: Double

  init(_ h: Double, _ k: Double, _ correlation: Correlation) {
    let distance = correlation.distance
    if h == k, !correlation.isNegative {
      self.init(equal: h, distance)
    } else if h == 0, k == 0 {
      // For h = k = 0 and c < 0, both are elementary.
      let angle = ntk_atan2((2 - distance).squareRoot(), distance.squareRoot())
      let sine = (distance * (2 - distance)).squareRoot()
      self.init(probability: angle / Double.pi, moment: (2 * angle - sine) / (2 * Double.pi))
    } else {
      // The loss does not change if (h, k) is replaced by (k, h) or by (-h, -k).
      let (low, high) = h < k ? (h, k) : (k, h)
      if high < 0 {
        self.init(-high, -low, correlation, isOrdered: ())
      } else {
        self.init(low, high, correlation, isOrdered: ())
      }
    }
  }

  private init(probability: Double, moment: Double) {
    (self.probability, self.moment) = (probability, moment)
  }

  /// For h = k and c >= 0. With r = cos t and x = tan(t / 2), both are integrals of smooth positive
  /// functions.
  private init(equal h: Double, _ distance: Double) {
    let end = (distance / (2 - distance)).squareRoot()
    let sums = OwensIntegral.both((h, end), (h, end), secondIsMoment: true)
    self.init(probability: 2 * sums.0, moment: 4 * sums.1)
  }

  /// For h <= k and k >= 0.
  private init(_ h: Double, _ k: Double, _ correlation: Correlation, isOrdered: Void) {
    let distance = correlation.distance
    // `sine` must not be 0. If c is 1 or -1, each dividend is 0, or its quotient is large enough.
    let sine = max((distance * (2 - distance)).squareRoot(), 1e-150)
    // (k - c h) / sqrt(1 - c^2) and (h - c k) / sqrt(1 - c^2).
    let far: Double
    let near: Double
    if correlation.isNegative {
      (far, near) = ((k + h - distance * h) / sine, (k + h - distance * k) / sine)
    } else {
      (far, near) = ((k - h + distance * h) / sine, (h - k + distance * k) / sine)
    }
    let (farTail, nearTail) = (Normal.tail(abs(far)), Normal.tail(abs(near)))
    // T(h, far / h) and T(k, near / k), and the multiples of the tails beyond |h| and k.
    let first = OwensTerm(h, far, farTail)
    let second = OwensTerm(k, near, nearTail)
    let sums = OwensIntegral.both(first.integral, second.integral, secondIsMoment: false)
    let terms = first.value(sums.0) + second.value(sums.1)
    let ofLow = first.tails + (h < 0 ? 0.5 : -0.5)
    let ofHigh = second.tails + 0.5
    let loss: Double
    if ofLow == -ofHigh {
      loss = ofHigh == 0 ? terms : terms - ofHigh * Normal.probability(abs(h), k)
    } else {
      loss = terms + ofLow * Normal.tail(abs(h)) + ofHigh * Normal.tail(k)
    }

    // (1 + h k) loss + k f(h) Q(far) - h f(k) Q(-near) - sin^2 f(h, k), with Q the tail of the
    // normal density f.
    let (ofH, ofK) = (Normal.density(h), Normal.density(k))
    let edges: Double
    if !correlation.isNegative, abs(far) < 1, abs(near) < 1, k - h < 0.5 {
      // Both values of Q are near 1/2, so split off half of each product.
      let halves = (k - h) * ofH - h * ofH * ntk_expm1(-(k - h) * (k + h) / 2)
      edges = halves / 2 - k * ofH * Normal.center(far) - h * ofK * Normal.center(near)
    } else {
      edges =
        k * ofH * (far < 0 ? 1 - farTail : farTail) - h * ofK * (near < 0 ? nearTail : 1 - nearTail)
    }
    let density = sine / (2 * Double.pi).squareRoot() * ofH * ntk_exp(-far * far / 2)
    self.init(probability: loss, moment: (1 + h * k) * loss + edges - density)
  }
}

/// T(h, z / h) as an integral over x in 0...1, plus tails of the normal distribution.
private struct OwensTerm {
  /// The arguments of T in the integral.
  let integral: (Double, Double)
  private let sign: Double
  private let rest: Double
  /// The multiple of the tail beyond |h| that must be added.
  let tails: Double

  /// - Parameter tail: the tail beyond |z|.
  init(_ h: Double, _ z: Double, _ tail: Double) {
    let isNegative = (h < 0) != (z < 0)
    let (h, z) = (abs(h), abs(z))
    sign = isNegative ? -1 : 1
    if z <= h {
      integral = (h, h > 0 ? z / h : 0)
      (rest, tails) = (0, 0)
    } else {
      // T(h, a) = Q(h) / 2 - (T(a h, 1 / a) - Q(a h) / 2 + Q(h) Q(a h)). Beyond about 40 the terms
      // vanish, and the square of z must not overflow.
      integral = (min(z, 1e3), h / z)
      rest = tail * (0.5 - Normal.tail(h))
      tails = sign / 2
    }
  }

  func value(_ integral: Double) -> Double {
    tails == 0 ? sign * integral : sign * (rest - integral)
  }
}

/// Gauss-Legendre quadrature of Owen's integral, for both members of a pair at once.
private enum OwensIntegral {
  private static let rule = GaussLegendre(16)
  private static let (nodes, weights) = (
    rule.nodes.map { (1 + $0) / 2 }, rule.weights.map { $0 / (4 * Double.pi) }
  )

  /// T(h, a) for both arguments, 0 <= a <= 1. If `secondIsMoment`, the second integrand has another
  /// factor x^2 / (1 + x^2).
  static func both(
    _ first: (h: Double, a: Double), _ second: (h: Double, a: Double), secondIsMoment: Bool
  ) -> (Double, Double) {
    let (half, one) = (Float64Lanes.count / 2, Float64Lanes(1))
    let exponent = Float64Lanes(halves: -first.h * first.h / 2, -second.h * second.h / 2)
    let end = Float64Lanes(halves: first.a, second.a)
    let isMoment = Float64Lanes(halves: 0, secondIsMoment ? 1 : 0)
    return nodes.withUnsafeBufferPointer { nodes in
      weights.withUnsafeBufferPointer { weights in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * half) { values in
          var sums = (0.0, 0.0)
          guard let node = nodes.baseAddress, let weight = weights.baseAddress,
            let value = values.baseAddress
          else { return sums }
          for start in stride(from: 0, to: nodes.count, by: half) {
            let x = end * Float64Lanes(halvesAt: node + start, stride: 0)
            let square = x * x
            let inverse = one / (one + square)
            let factor = Float64Lanes.select(
              isMoment, equals: one, square * inverse, else: one)
            let density = Float64Lanes.exponential(exponent.adding(exponent, times: square))
            let terms =
              density * inverse * factor * Float64Lanes(halvesAt: weight + start, stride: 0)
            terms.store(to: value)
            for index in 0..<half {
              sums.0 += value[index]
              sums.1 += value[half + index]
            }
          }
          return (first.a * sums.0, second.a * sums.1)
        }
      }
    }
  }
}
