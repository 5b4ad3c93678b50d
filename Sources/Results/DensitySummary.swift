/// The spectral density of a kernel, by stochastic Lanczos quadrature.
package struct DensitySummary: Codable, Equatable {
  /// The question that was asked: the job's section with every default.
  package var question: String?
  package var probes: Int
  package var steps: Int
  /// Where the kernel was kept while it was multiplied: f32, f64 or store.
  package var tiles: String
  /// The mean of the kernel's diagonal.
  package var meanDiagonal: Double
  /// The largest node of all probes. It is at most the largest eigenvalue.
  package var lambdaMax: Double
  /// The estimate by the probes. The diagonal gives the exact trace.
  package var trace: EstimateSummary
  package var regularizations: [RegularizedDensity]
  package var seconds: Double

  /// A value and its uncertainty (one standard error, together with the error of the quadrature rules).
  package struct EstimateSummary: Codable, Equatable {
    package var value: Double
    package var error: Double

    package init(value: Double, error: Double) { (self.value, self.error) = (value, error) }
  }

  package struct RegularizedDensity: Codable, Equatable {
    package var regularization: Double
    /// log det (K + s I).
    package var logDeterminant: EstimateSummary
    /// tr K (K + s I)^-1.
    package var effectiveDimension: EstimateSummary

    package init(
      regularization: Double, logDeterminant: EstimateSummary, effectiveDimension: EstimateSummary
    ) {
      self.regularization = regularization
      self.logDeterminant = logDeterminant
      self.effectiveDimension = effectiveDimension
    }
  }

  package init(
    probes: Int, steps: Int, tiles: String, meanDiagonal: Double, lambdaMax: Double,
    trace: EstimateSummary, regularizations: [RegularizedDensity], seconds: Double
  ) {
    self.probes = probes
    self.steps = steps
    self.tiles = tiles
    self.meanDiagonal = meanDiagonal
    self.lambdaMax = lambdaMax
    self.trace = trace
    self.regularizations = regularizations
    self.seconds = seconds
  }
}
