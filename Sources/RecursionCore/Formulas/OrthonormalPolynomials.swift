import CVector

/// Polynomials p_0, p_1, ... on x >= 0 that are orthonormal with respect to a weight that decays
/// like exp(-x^2 / 2), by Stieltjes' procedure (Gautschi 2004, section 2.2):
///
///     b_(j+1) p_(j+1) = (x - a_j) p_j - b_j p_(j-1)
struct OrthonormalPolynomials: Sendable {
  private let a: [Double]
  private let b: [Double]
  /// p_0, a constant.
  private let first: Double

  /// The number of polynomials.
  var count: Int { a.count }

  /// Creates `count` polynomials.
  ///
  /// - Parameter weight: the weight in units of exp(-x^2 / 2).
  init(_ count: Int, _ weight: (Double) -> Double) {
    // Integrate far beyond the zeros of the last polynomial, in panels that are finer than their
    // distances.
    let reach = 2 * Double(count).squareRoot() + 14
    var (x, w) = ([Double](), [Double]())
    GaussLegendre(16).fill([0, reach], width: 0.5, to: &x, &w)
    for index in x.indices { w[index] *= weight(x[index]) * ntk_exp(-x[index] * x[index] / 2) }
    func mean(_ f: (Int) -> Double) -> Double {
      x.indices.reduce(0) { $0 + w[$1] * f($1) }
    }
    let first = 1 / mean { _ in 1 }.squareRoot()
    var (a, b) = ([Double](), [0.0])
    var before = [Double](repeating: 0, count: x.count)
    var here = [Double](repeating: first, count: x.count)
    for j in 0..<count {
      let center = mean { x[$0] * here[$0] * here[$0] }
      var next = x.indices.map { (x[$0] - center) * here[$0] - b[j] * before[$0] }
      let length = mean { next[$0] * next[$0] }.squareRoot()
      for index in next.indices { next[index] /= length }
      a.append(center)
      b.append(length)
      (before, here) = (here, next)
    }
    (self.a, self.b, self.first) = (a, b, first)
  }

  /// The values of the first `count` polynomials at a point.
  func values(at x: Double, _ count: Int) -> [Double] {
    var values = [first]
    for j in 0..<count - 1 {
      let before = j > 0 ? b[j] * values[j - 1] : 0
      values.append(((x - a[j]) * values[j] - before) / b[j + 1])
    }
    return values
  }

  /// The coefficients of the recurrence p_(j+1) = (x - center) factor p_j - past p_(j-1), step by
  /// step.
  var recurrence: [(center: Double, factor: Double, past: Double)] {
    (0..<count).map { (a[$0], 1 / b[$0 + 1], b[$0] / b[$0 + 1]) }
  }

  /// Gaussian quadrature with the zeros of the last polynomial, exact for degrees below 2
  /// (count - 1).
  func gaussRule() -> (nodes: [Double], weights: [Double]) {
    var zeros: [Double] = []
    for degree in 1..<count {
      // The zeros of each polynomial lie between the zeros of the next.
      let ends = [0] + zeros + [2 * b[degree] + a[degree] + 1]
      zeros = zip(ends, ends.dropFirst()).map { bisected(degree, $0, $1) }
    }
    let weights = zeros.map { zero in
      1 / values(at: zero, count - 1).reduce(0) { $0 + $1 * $1 }
    }
    return (zeros, weights)
  }

  private func bisected(_ degree: Int, _ low: Double, _ high: Double) -> Double {
    var (low, high) = (low, high)
    let isNegative = value(degree, at: low) < 0
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return middle }
      if (value(degree, at: middle) < 0) == isNegative { low = middle } else { high = middle }
    }
  }

  private func value(_ degree: Int, at x: Double) -> Double {
    var (before, here) = (0.0, first)
    for j in 0..<degree { (before, here) = (here, ((x - a[j]) * here - b[j] * before) / b[j + 1]) }
    return here
  }
}
