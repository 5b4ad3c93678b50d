/// Distinguishes a kernel that rounding has made singular from a clearly indefinite one. No kernel
/// is indefinite, so the tiles of such a matrix do not belong to one kernel.
package struct Indefiniteness {
  /// Eigenvalues below minus this many times the noise are clearly negative.
  private static let margin = 100.0

  private let run: RunFolder
  /// Whether the kernel was computed or is stored in single precision.
  package let hasSingleElements: Bool

  /// - Parameter run: the run folder, for messages.
  package init(_ run: RunFolder, hasSingleElements: Bool) {
    (self.run, self.hasSingleElements) = (run, hasSingleElements)
  }

  /// A warning about a negative eigenvalue; nil if it may be due to rounding.
  ///
  /// - Parameters:
  ///   - trace: the trace of the kernel.
  ///   - noise: the size of values that the solver itself cannot distinguish from zero.
  package func warning(
    _ label: String, eigenvalueAtMost value: Double, trace: Double, noise: Double
  ) -> String? {
    let noise = hasSingleElements ? max(noise, Double(Float.ulpOfOne) * abs(trace)) : noise
    guard value < -Self.margin * noise else { return nil }
    return "\(label) has an eigenvalue of at most \(value), and a kernel has none below zero "
      + "(\(noise) is rounding); check its tiles with `ntk-dist verify \(run.path)`"
  }

  /// A warning about the smallest eigenvalue of a known spectrum; nil if it may be due to rounding.
  package func warning(_ label: String, _ spectrum: SpectrumSummary) -> String? {
    warning(
      label, eigenvalueAtMost: spectrum.lambdaMin, trace: spectrum.trace,
      noise: spectrum.noiseFloor)
  }
}
