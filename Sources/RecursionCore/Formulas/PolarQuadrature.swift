import CVector

/// Duals of any activation that is smooth between its breaks, by quadrature in polar coordinates:
///
///     u = sqrt(q1) r cos(w - t/2),    v = +-sqrt(q2) r cos(w + t/2),    cos t = |c|,
///
/// with rays and angles divided where u or v meets a break, and halved until they resolve phi. This is
/// slow but valid for every pair: it takes many thousands of values of phi, and the error is usually
/// about 1e-14 of the largest covariance.
/// The deficits are means of squared differences, so they lose digits only when u and v agree to
/// rounding.
struct PolarQuadrature: Sendable {
  let function: ActivationFunction
  static let rule = GaussLegendre(14)

  init(_ function: ActivationFunction) { self.function = function }

  /// E[phi^2] and E[phi'^2]; NaN if phi varies too quickly for the quadrature.
  func moments(variance: Double) -> Moments {
    resolved(variance)?.moments ?? Moments(square: .nan, derivativeSquare: .nan)
  }

  /// The largest number of times that panels are halved.
  private static let mostHalvings = 6

  /// The moments, and the largest of 1, 1/2, 1/4 ... times the usual width of panels that resolves
  /// them. nil if the smallest width has an error above 1e-10.
  func resolved(_ variance: Double) -> (moments: Moments, scale: Double)? {
    let root = variance.squareRoot()
    let reach = function.reach(root)
    let inner = root > 0 ? function.breaks(root).map { $0 / root } : []
    // Ends that differ by rounding would leave panels without a middle.
    let cuts = ([-reach, 0, reach] + inner.filter { abs($0) < reach }).sorted()
      .withoutNeighbors(within: 1e-12 * reach)
    var ends = Self.rule.ends(cuts, width: Self.width(root))
    var coarse = panels(root, ends)
    var scale = 1.0
    // Used if the error never falls below that of smooth functions.
    var nearest: (moments: Moments, scale: Double)?
    for _ in 0..<Self.mostHalvings {
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
      if isBelow(1e-10) { nearest = (total, nearest?.scale ?? scale) }
      scale /= 2
      coarse = fine
    }
    return nearest
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
  /// bound: at large variances, most functions vary on a larger scale except near 0, and `resolved`
  /// halves panels that are too wide.
  static func width(_ root: Double) -> Double { max(min(2, 2.5 / root), 0.1) }

  /// Both duals of a pair.
  func dual(_ q1: Double, _ q2: Double, _ correlation: Correlation) -> DualValues {
    PolarPair(self, q1, q2, correlation).sums().dual
  }
}

extension Moments {
  fileprivate static func + (a: Moments, b: Moments) -> Moments {
    Moments(
      square: a.square + b.square, derivativeSquare: a.derivativeSquare + b.derivativeSquare)
  }
}
