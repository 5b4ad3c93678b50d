import Foundation

/// Polynomials and rectified powers, by Stein's recursion for moments.
extension PlainDuals {
  /// The coefficients of x^degree.
  static func monomial(_ degree: Int) -> [Double] {
    [Double](repeating: 0, count: degree) + [1]
  }

  /// Those of He_degree(x) / sqrt(degree!): He_(n+1) = x He_n - n He_(n-1).
  static func hermite(_ degree: Int) -> [Double] {
    var (before, polynomial) = ([Double](), [1.0])
    for n in 0..<degree {
      let raised = [0] + polynomial
      let next = raised.indices.map {
        raised[$0] - Double(n) * ($0 < before.count ? before[$0] : 0)
      }
      (before, polynomial) = (polynomial, next)
    }
    let norm = (0..<degree).reduce(1.0) { $0 * Double($1 + 1) }.squareRoot()
    return polynomial.map { $0 / norm }
  }

  /// c_0 + c_1 x + c_2 x^2 + ...
  static func polynomial(_ coefficients: [Double]) -> PlainDuals {
    let slopes = coefficients.indices.dropFirst().map { Double($0) * coefficients[$0] }
    func value(_ c: [Double], _ x: Double) -> Double { c.reversed().reduce(0) { $0 * x + $1 } }
    return PlainDuals({ value(coefficients, $0) }, { value(slopes, $0) }) { q1, q2, k in
      (mean(coefficients, q1, q2, k), mean(slopes, q1, q2, k))
    }
  }

  /// sum c_i c_j E[u^i v^j].
  private static func mean(_ c: [Double], _ q1: Double, _ q2: Double, _ k: Double) -> Double {
    var moments: [[Double]] = []
    for i in c.indices {
      moments.append([])
      for j in c.indices {
        // E[u^i v^j] = q1 (i - 1) E[u^(i-2) v^j] + k j E[u^(i-1) v^(j-1)].
        var moment = i == 0 && j == 0 ? 1.0 : 0
        if i == 0 && j > 1 { moment = q2 * Double(j - 1) * moments[0][j - 2] }
        if i > 1 { moment += q1 * Double(i - 1) * moments[i - 2][j] }
        if i > 0 && j > 0 { moment += k * Double(j) * moments[i - 1][j - 1] }
        moments[i].append(moment)
      }
    }
    var sum = 0.0
    for i in c.indices {
      for j in c.indices { sum += c[i] * c[j] * moments[i][j] }
    }
    return sum
  }

  /// x^n for x > 0, else 0; phi' is n x^(n-1), and 0 for n = 0.
  static func rectifiedMonomial(_ n: Int) -> PlainDuals {
    func power(_ x: Double, _ n: Int) -> Double { x > 0 ? pow(x, Double(n)) : 0 }
    return PlainDuals(
      { power($0, n) }, { n == 0 ? 0 : Double(n) * power($0, n - 1) }
    ) { q1, q2, k in
      let slope = n == 0 ? 0 : Double(n * n) * rectified(n - 1, q1, q2, k)
      return (n == 0 && (q1 == 0 || q2 == 0) ? 0 : rectified(n, q1, q2, k), slope)
    }
  }

  /// E[u^n v^n; u, v > 0] for |k| < sqrt(q1 q2), by the same recursion, whose ends are at u = 0 or v = 0.
  private static func rectified(_ n: Int, _ q1: Double, _ q2: Double, _ k: Double) -> Double {
    if q1 == q2 && q1 == k || q1 == 0 || q2 == 0 {
      let factorial = stride(from: 1.0, to: Double(2 * n), by: 2).reduce(1, *)
      return factorial * pow(q1 * q2, Double(n) / 2) / 2
    }
    let determinant = max(q1 * q2 - k * k, 0)
    // E[delta(u) v^j; v > 0], v of variance (q1 q2 - k^2) / q1 there.
    func edge(_ q1: Double, _ j: Int) -> Double {
      let deviation = (determinant / q1).squareRoot()
      let moment = stride(from: Double(j - 1), to: 0, by: -2).reduce(1, *)
      let factor = j % 2 == 0 ? 1 : (2 / Double.pi).squareRoot()
      return pow(deviation, Double(j)) * moment * factor / (2 * (2 * .pi * q1).squareRoot())
    }
    var memory: [[Double?]] = .init(repeating: .init(repeating: nil, count: n + 1), count: n + 1)
    func moment(_ i: Int, _ j: Int) -> Double {
      if let known = memory[i][j] { return known }
      var value: Double
      switch (i, j) {
      case (0, 0): value = (Double.pi - atan2(determinant.squareRoot(), k)) / (2 * .pi)
      case (0, 1): value = q2 * edge(q2, 0) + k * edge(q1, 0)
      case (0, _): value = q2 * Double(j - 1) * moment(0, j - 2) + k * edge(q1, j - 1)
      case (1, _):
        value = q1 * edge(q1, j)
        value += j > 0 ? k * Double(j) * moment(0, j - 1) : k * edge(q2, 0)
      default:
        value = q1 * Double(i - 1) * moment(i - 2, j)
        value += j > 0 ? k * Double(j) * moment(i - 1, j - 1) : k * edge(q2, i - 1)
      }
      memory[i][j] = value
      return value
    }
    return moment(n, n)
  }
}
