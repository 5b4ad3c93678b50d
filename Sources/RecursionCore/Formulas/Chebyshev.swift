import CVector

/// Polynomials on [-1, 1] with a fixed number of terms, given by their values at the Chebyshev
/// nodes or by their coefficients.
struct Chebyshev: Sendable {
  /// The zeros of T_count.
  let nodes: [Double]
  /// [node][coefficient].
  private let transform: [Double]

  init(_ count: Int) {
    nodes = (0..<count).map { ntk_cos(Double.pi * (Double($0) + 0.5) / Double(count)) }
    transform = (0..<count * count).map { place in
      let (node, m) = (place / count, place % count)
      let angle = Double.pi * Double((2 * node + 1) * m % (4 * count)) / Double(2 * count)
      return ntk_cos(angle) * (m == 0 ? 1 : 2) / Double(count)
    }
  }

  /// The number of terms.
  var count: Int { nodes.count }

  /// The coefficients of the polynomial with `values` at the nodes.
  func coefficients(_ values: [Double]) -> [Double] {
    let count = count
    return [Double](unsafeUninitializedCapacity: count) { sums, initialized in
      sums.initialize(repeating: 0)
      initialized = count
      transform.withUnsafeBufferPointer { transform in
        guard let sums = sums.baseAddress, var row = transform.baseAddress else { return }
        // The outer loop is over nodes, so that all sums are accumulated side by side.
        for node in 0..<count {
          let value = values[node]
          for m in 0..<count { sums[m] += row[m] * value }
          row += count
        }
      }
    }
  }

  /// The value of a polynomial by Clenshaw's rule.
  static func value(_ coefficients: [Double], _ x: Double) -> Double {
    var (here, before) = (0.0, 0.0)
    for coefficient in coefficients.dropFirst().reversed() {
      (here, before) = (coefficient + 2 * x * here - before, here)
    }
    return (coefficients.first ?? 0) + x * here - before
  }

  /// The coefficients in powers of x, with the same number of terms.
  static func powers(_ coefficients: [Double]) -> [Double] {
    let count = coefficients.count
    var powers = [Double](repeating: 0, count: count)
    var (before, here) = (powers, powers)
    for (m, coefficient) in coefficients.enumerated() {
      var next = [Double](repeating: 0, count: count)
      if m == 0 {
        next[0] = 1
      } else if m == 1 {
        next[1] = 1
      } else {
        for k in 0..<count { next[k] = (k > 0 ? 2 * here[k - 1] : 0) - before[k] }
      }
      for k in 0..<count { powers[k] += coefficient * next[k] }
      (before, here) = (here, next)
    }
    return powers
  }
}
