import Foundation

/// Figures of ridge regression on all n samples at one ridge s, computed from the spectrum.
public struct RidgeFigures: Sendable, Equatable {
  /// d1 = sum lambda_i / (lambda_i + s), the effective number of parameters.
  public let dimension: Double
  /// d2 = sum (lambda_i / (lambda_i + s))^2.
  public let secondDimension: Double
  /// The mean over samples and outputs of the squared training error.
  public let trainError: Double
  /// The mean squared training error over samples and outputs, divided by (1 - d1 / n)^2. This would be the
  /// leave-one-out error if all diagonal elements of K (K + s I)^-1 were equal.
  ///
  /// Source: Golub, Heath and Wahba, Technometrics 21 (1979).
  public let generalizedCrossValidation: Double
  /// log p(y_c) of each output under a Gaussian process with covariance K + s I.
  ///
  /// Source: Rasmussen and Williams (2006), equation 2.30.
  public let logMarginalLikelihoods: [Double]
  /// The factor of K + s I under which the targets are most likely: sum |v_i|^2 / (lambda_i + s) / (n outputs).
  public let scale: Double
  /// The log marginal likelihood of all outputs with this factor, or nil if all targets are zero.
  public let scaledLogMarginalLikelihood: Double?

  /// The log marginal likelihood of all outputs together.
  public var logMarginalLikelihood: Double { logMarginalLikelihoods.reduce(0, +) }

  /// Returns nil if K + s I is singular.
  public init?(_ spectrum: TargetSpectrum, ridge: Double) {
    guard let least = spectrum.values.last, least + ridge > 0 else { return nil }
    let (n, outputs) = (Double(spectrum.n), spectrum.outputs)
    var (dimension, second, inverses, logarithms) = (0.0, 0.0, 0.0, 0.0)
    // Work in units of the size of K, so that squares neither overflow nor underflow.
    let unit = spectrum.values[0] + ridge
    var residual = 0.0
    var forms = [Double](repeating: 0, count: outputs)
    for (index, value) in spectrum.values.enumerated() {
      let (shifted, learned) = (value + ridge, value / (value + ridge))
      dimension += learned
      second += learned * learned
      let inverse = 1 / shifted
      inverses += unit * inverse
      logarithms += log(shifted)
      residual += spectrum.energies[index] * (unit * inverse) * (unit * inverse)
      for column in 0..<outputs {
        forms[column] += spectrum.squares[index * outputs + column] * inverse
      }
    }
    self.dimension = dimension
    secondDimension = second
    let count = n * Double(outputs)
    trainError = (ridge / unit) * (ridge / unit) * residual / count
    generalizedCrossValidation = residual / count / ((inverses / n) * (inverses / n))
    let constant = n * log(2 * Double.pi)
    logMarginalLikelihoods = forms.map { -($0 + logarithms + constant) / 2 }
    scale = forms.reduce(0, +) / count
    scaledLogMarginalLikelihood =
      scale == 0
      ? nil : -(count + Double(outputs) * (logarithms + constant) + count * log(scale)) / 2
  }
}
