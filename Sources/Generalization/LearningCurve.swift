import Foundation

/// The expected error of kernel ridge regression that learns from m samples, drawn without replacement from a pool of
/// n. The error follows from the eigenvalues of the pool's kernel and the weights of the targets alone.
///
/// Let delta be the ridge that is added to the kernel matrix of the m samples. On average, the outputs on the pool are
/// those of regression on the whole pool with a larger ridge kappa:
///
///     D + (delta / kappa) (n - D) = m,   D = sum_i L_i,   L_i = lambda_i / (lambda_i + kappa),
///     q = 1 - delta / kappa = (n - m) / (n - D),   B = sum_i (1 - L_i)^2 |v_i|^2,
///     kappa' = d kappa / d delta = 1 / (1 - q sum_i (1 - L_i)^2 / (n - D)),
///     error on the m samples  (delta / kappa)^2 kappa' B / m,
///     error on the others     kappa' m B / (n - D)^2.
///
/// This is exact for large n and m if the eigenvectors are uniformly random. Then the rows of the eigenvectors are free
/// of the choice of samples, and compressing to m of n rows changes the R-transform R(z) to R(z m / n) (Nica and
/// Speicher, Amer. J. Math. 118, 1996). If n is much larger than m, this is the theory of Bordelon, Canatar and
/// Pehlevan (ICML 2020, arXiv 2002.02561) and Simon, Dickens, Karkada and DeWeese (arXiv 2110.03922), in which the
/// samples come from an infinite population. If m = n - 1, it is, up to terms of order 1 / n, leave-one-out with equal
/// leverages, which is generalized cross-validation. docs/concepts/learning-from-the-spectrum.md has the derivation.
public struct LearningCurve: Sendable {
  /// The expected errors for one number of samples, as means over samples and outputs.
  public struct Point: Sendable, Equatable {
    /// The number of samples.
    public let samples: Int
    /// The ridge kappa with which regression on the whole pool has the same average outputs.
    public let kappa: Double
    /// The squared error on the samples of the pool that were not learned.
    public let testError: Double
    /// The squared error on the samples that were learned.
    public let trainError: Double
  }

  private let spectrum: TargetSpectrum
  /// The eigenvalues. The theory holds for kernels without negative ones, so these count as zero.
  private let values: [Double]
  private let floor: Double

  /// Makes the learning curve of a pool.
  ///
  /// - Parameter floor: The noise level of the eigenvalues.
  public init(_ spectrum: TargetSpectrum, floor: Double = 0) {
    (self.spectrum, self.floor) = (spectrum, floor)
    values = spectrum.values.map { max($0, 0) }
  }

  /// The expected errors for m samples.
  ///
  /// Nil if no samples are left to test on, or if there is no ridge and m exceeds the number of eigenvalues above the
  /// noise level.
  ///
  /// - Parameter ridge: The number that is added to the diagonal of the kernel matrix of the samples.
  public func point(samples m: Int, ridge: Double) -> Point? {
    guard m > 0, m < spectrum.n, let kappa = kappa(samples: m, ridge: ridge), kappa > floor
    else { return nil }
    // These are the sums of L (1 - L), 1 - L, and (1 - L)^2 |v|^2.
    var (mixed, left, rest) = (0.0, 0.0, 0.0)
    for (value, energy) in zip(values, spectrum.energies) {
      let learned = value / (value + kappa)
      let missed = kappa / (value + kappa)
      mixed += learned * missed
      left += missed
      rest += missed * missed * energy
    }
    let (learned, outputs) = (Double(m), Double(spectrum.outputs))
    let share = ridge / kappa
    // This is 1 - q sum (1 - L)^2 / sum (1 - L), rewritten to avoid cancellation.
    let slope = 1 / (share + Double(spectrum.n - m) / left * mixed / left)
    return Point(
      samples: m, kappa: kappa, testError: slope * learned * rest / (left * left * outputs),
      trainError: share * share * slope * rest / (learned * outputs))
  }

  /// The root kappa of D + (delta / kappa) (n - D) = m, or nil if the root is zero.
  public func kappa(samples m: Int, ridge: Double) -> Double? {
    let directions = values.count { $0 > 0 }
    guard directions > 0, ridge > 0 || m < directions else { return nil }
    // The left-hand side decreases with kappa: it is n at kappa = delta, and at most (sum lambda + n delta) / kappa.
    let n = Double(spectrum.n)
    var high = (values.reduce(0, +) + n * ridge) / Double(m)
    var low = ridge
    if low == 0 {
      low = high
      while excess(low, m, ridge) < 0 {
        low /= 1024
        guard low > Double.leastNormalMagnitude else { return nil }
      }
    }
    // Bisection on a logarithmic scale reaches rounding accuracy after about 60 steps.
    while high > low * (1 + 4 * Double.ulpOfOne) {
      let middle = low.squareRoot() * high.squareRoot()
      guard middle > low, middle < high else { break }
      if excess(middle, m, ridge) > 0 { low = middle } else { high = middle }
    }
    return high
  }

  private func excess(_ kappa: Double, _ m: Int, _ ridge: Double) -> Double {
    var (learned, left) = (0.0, 0.0)
    for value in values {
      learned += value / (value + kappa)
      left += kappa / (value + kappa)
    }
    return learned + ridge / kappa * left - Double(m)
  }

  /// The numbers of samples at which to evaluate a curve: two per octave, from 2 up to at most `last`.
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
