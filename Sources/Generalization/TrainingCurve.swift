import Foundation

/// The loss of gradient flow on all n samples at any time, starting from outputs of zero.
///
/// The loss is half the mean squared error over samples and outputs, as in training. Time is in units of the learning
/// rate: sum |v_i|^2 exp(-2 lambda_i t / N) / (2 N), N = n outputs.
///
/// Source: Jacot, Gabriel and Hongler (arXiv 1806.07572); Lee et al. (arXiv 1902.06720), equation 8.
public struct TrainingCurve: Sendable {
  /// The loss at one time.
  public struct Point: Sendable, Equatable {
    /// The time, in units of the learning rate.
    public let time: Double
    /// Half the mean squared error over samples and outputs.
    public let loss: Double
  }

  private let spectrum: TargetSpectrum
  private var total: Double { Double(spectrum.n * spectrum.outputs) }

  /// Makes the curve of a kernel and its targets.
  public init(_ spectrum: TargetSpectrum) { self.spectrum = spectrum }

  /// The loss at a time. As in training, nothing moves along eigenvectors with negative eigenvalues.
  public func loss(time: Double) -> Double {
    var sum = 0.0
    for (value, energy) in zip(spectrum.values, spectrum.energies) {
      sum += energy * exp(-2 * max(value, 0) * time / total)
    }
    return sum / (2 * total)
  }

  /// The curve at four points per decade. It runs from a tenth of the time scale of the largest eigenvalue to ten times
  /// the time scale of the smallest eigenvalue above `floor`. If there is no such eigenvalue, the result is empty.
  public func points(floor: Double) -> [Point] {
    guard let largest = spectrum.values.first, largest > floor,
      let least = spectrum.values.last(where: { $0 > floor }), least > 0
    else { return [] }
    let first = Int((4 * log10(0.1 * total / largest)).rounded(.down))
    let last = Int((4 * log10(10 * total / least)).rounded(.up))
    return (first...max(first, last)).map {
      let time = pow(10, Double($0) / 4)
      return Point(time: time, loss: loss(time: time))
    }
  }
}
