/// How two kernels lie to each other as directions in the space of matrices.
package struct KernelSimilarity: Equatable {
  /// S = 1 - ⟨A, B⟩ / (|A| |B|).
  package var distance: Double
  /// The same of HAH and HBH, H = I - 1 1'/n; nil where one is zero.
  package var centredDistance: Double?

  package init(distance: Double, centredDistance: Double? = nil) {
    (self.distance, self.centredDistance) = (distance, centredDistance)
  }

  /// ⟨A, B⟩ / (|A| |B|).
  package var cosine: Double { 1 - distance }

  /// Centred kernel alignment.
  package var centredCosine: Double? { centredDistance.map { 1 - $0 } }

  /// 1 - ⟨a, b⟩ / (|a| |b|) = (|a - b|² - (|a| - |b|)²) / (2 |a| |b|).
  ///
  /// Its error is some rounding errors of itself where the norms are the same but for rounding.
  package static func distance(squaredDifference: Double, _ a: Double, _ b: Double) -> Double {
    max(0, squaredDifference - (a - b) * (a - b)) / (2 * a * b)
  }
}
