import Foundation

/// The error that kernel ridge regression is expected to make after learning from m samples drawn from a
/// pool of n, from the pool's eigenvalues and the targets' weights alone.
///
/// With p_i = lambda_i / n and the ridge delta that is added to the kernel of the m samples:
///
///     sum_i p_i / (p_i + kappa) + delta / kappa = m,   L_i = p_i / (p_i + kappa),
///     E0 = m / (m - sum_i L_i^2),   pool error = E0 sum_i (1 - L_i)^2 |v_i|^2 / n,
///     training error = (delta / (m kappa))^2 pool error.
///
/// The pool holds the m samples too; the error on the others is (n pool - m training) / (n - m).
///
/// Source: Bordelon, Canatar and Pehlevan (ICML 2020, arXiv 2002.02561); Canatar, Bordelon and Pehlevan
/// (Nature Communications 12, 2021); Simon, Dickens, Karkada and DeWeese (arXiv 2110.03922), equations 5
/// to 9.
public struct LearningCurve: Sendable {
  /// The expected errors at one number of samples, means over samples and outputs.
  public struct Point: Sendable, Equatable {
    /// The number of samples.
    public let samples: Int
    /// The implicit ridge kappa.
    public let kappa: Double
    /// The squared error on the samples of the pool that were not learned.
    public let testError: Double
    /// The squared error on those that were.
    public let trainError: Double
  }

  private let spectrum: TargetSpectrum
  private let populations: [Double]

  /// The curve of a pool.
  public init(_ spectrum: TargetSpectrum) {
    self.spectrum = spectrum
    let n = Double(spectrum.n)
    populations = spectrum.values.map { $0 / n }
  }

  /// The point of m samples; nil where more are learned without a ridge than the spectrum has directions,
  /// or nothing is left to test on.
  ///
  /// - Parameter ridge: what is added to the diagonal of the kernel matrix of the samples.
  public func point(samples m: Int, ridge: Double) -> Point? {
    guard m > 0, m < spectrum.n, let kappa = kappa(samples: m, ridge: ridge) else { return nil }
    var (squares, rest) = (0.0, 0.0)
    for (population, energy) in zip(populations, spectrum.energies) {
      let learned = population / (population + kappa)
      squares += learned * learned
      let left = kappa / (population + kappa)
      rest += left * left * energy
    }
    let (count, n) = (Double(m), Double(spectrum.n))
    guard squares < count else { return nil }
    let pool = count / (count - squares) * rest / (n * Double(spectrum.outputs))
    let shrunk = ridge / (count * kappa)
    let train = shrunk * shrunk * pool
    return Point(
      samples: m, kappa: kappa, testError: (n * pool - count * train) / (n - count),
      trainError: train)
  }

  /// The implicit ridge, the root of sum p_i / (p_i + kappa) + delta / kappa = m; nil where it is zero.
  public func kappa(samples m: Int, ridge: Double) -> Double? {
    let count = Double(m)
    let directions = populations.count { $0 > 0 }
    guard directions > 0, ridge > 0 || m < directions else { return nil }
    // The left-hand side falls with kappa: it is at most (sum p + delta) / kappa, and at least delta /
    // kappa.
    var high = (populations.reduce(0, +) + ridge) / count
    var low = ridge / count
    if low == 0 {
      low = high
      while excess(low, count, ridge) < 0 {
        low /= 1024
        guard low > Double.leastNormalMagnitude else { return nil }
      }
    }
    // Halving on a logarithmic scale reaches rounding after some 60 steps.
    while high > low * (1 + 4 * Double.ulpOfOne) {
      let middle = (low * high).squareRoot()
      guard middle > low, middle < high else { break }
      if excess(middle, count, ridge) > 0 { low = middle } else { high = middle }
    }
    return high
  }

  private func excess(_ kappa: Double, _ count: Double, _ ridge: Double) -> Double {
    var sum = ridge / kappa - count
    for population in populations { sum += population / (population + kappa) }
    return sum
  }

  /// Numbers of samples for a curve: two an octave from 2 on, up to `last` at most.
  public static func samples(upTo last: Int) -> [Int] {
    var counts: [Int] = []
    var exponent = 2
    while true {
      let count = Int(exp2(Double(exponent) / 2).rounded())
      if count > last { return counts }
      if counts.last != count { counts.append(count) }
      exponent += 1
    }
  }
}
