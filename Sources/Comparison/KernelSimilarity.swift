/// The similarity of two kernels, seen as directions in the space of matrices.
package struct KernelSimilarity: Equatable {
  /// S = 1 - ⟨A, B⟩ / (|A| |B|).
  package var distance: Double
  /// The distance S for HAH and HBH, H = I - 1 1'/n; nil if one of them is zero.
  package var centredDistance: Double?

  package init(distance: Double, centredDistance: Double? = nil) {
    (self.distance, self.centredDistance) = (distance, centredDistance)
  }

  /// ⟨A, B⟩ / (|A| |B|).
  package var cosine: Double { 1 - distance }

  /// The cosine of HAH and HBH, called centered kernel alignment.
  package var centredCosine: Double? { centredDistance.map { 1 - $0 } }

  /// 1 - ⟨a, b⟩ / (|a| |b|) = (|a - b|² - (|a| - |b|)²) / (2 |a| |b|).
  ///
  /// The error is some rounding errors of the result itself, if the norms are equal up to rounding.
  package static func distance(squaredDifference: Double, _ a: Double, _ b: Double) -> Double {
    max(0, squaredDifference - (a - b) * (a - b)) / (2 * a * b)
  }
}
