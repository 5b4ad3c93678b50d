import Foundation

/// A power law a i^-exponent, fitted to a decreasing sequence between two ranks.
///
/// The fit is least squares of the logarithms. Each rank has a weight equal to its share of the logarithmic axis.
public struct PowerLaw: Sendable, Equatable {
  /// The exponent over the whole window.
  public let exponent: Double
  /// The factor a.
  public let amplitude: Double
  /// The range of ranks that was fitted, counted from 1.
  public let window: ClosedRange<Int>
  /// The smallest and the largest exponent in the four parts of the window, which have equal lengths on a logarithmic
  /// axis. A wide range means that the sequence is far from a power law.
  public let spread: ClosedRange<Double>

  /// The default window: from rank 10 to a tenth of the ranks. Beyond that, a finite sample bends the spectrum down.
  public static func window(of n: Int) -> ClosedRange<Int>? {
    n >= 400 ? 10...n / 10 : nil
  }

  /// Fits a sequence whose first element has rank 1.
  ///
  /// Nil if the window has elements at or below `floor`, reaches beyond the sequence, or is too short for four parts.
  public init?(_ sequence: [Double], window: ClosedRange<Int>, floor: Double = 0) {
    guard window.lowerBound >= 1, window.upperBound <= sequence.count,
      let whole = Self.fit(sequence, window, floor)
    else { return nil }
    let ratio = Double(window.upperBound) / Double(window.lowerBound)
    let edges = (0...4).map {
      Int((Double(window.lowerBound) * pow(ratio, Double($0) / 4)).rounded())
    }
    let parts = zip(edges, edges.dropFirst()).compactMap {
      $0 < $1 ? Self.fit(sequence, $0...$1, floor)?.exponent : nil
    }
    guard parts.count == 4, let least = parts.min(), let most = parts.max() else { return nil }
    exponent = whole.exponent
    amplitude = whole.amplitude
    self.window = window
    spread = least...most
  }

  private static func fit(
    _ sequence: [Double], _ window: ClosedRange<Int>, _ floor: Double
  ) -> (exponent: Double, amplitude: Double)? {
    var (weights, xs, ys) = (0.0, 0.0, 0.0)
    for rank in window {
      let value = sequence[rank - 1]
      guard value > floor, value > 0 else { return nil }
      let weight = 1 / Double(rank)
      weights += weight
      xs += weight * log(Double(rank))
      ys += weight * log(value)
    }
    let (x0, y0) = (xs / weights, ys / weights)
    var (xx, xy) = (0.0, 0.0)
    for rank in window {
      let weight = 1 / Double(rank)
      let x = log(Double(rank)) - x0
      xx += weight * x * x
      xy += weight * x * (log(sequence[rank - 1]) - y0)
    }
    guard xx > 0 else { return nil }
    return (-xy / xx, exp(y0 - xy / xx * x0))
  }
}

extension TargetSpectrum {
  /// The share of the targets' squared norm that lies in the eigenvectors of rank i and beyond, [n].
  public var tails: [Double] {
    var tails = [Double](repeating: 0, count: n)
    var sum = 0.0
    for index in stride(from: n - 1, through: 0, by: -1) {
      sum += energies[index]
      tails[index] = sum
    }
    return sum > 0 ? tails.map { $0 / sum } : tails
  }
}
