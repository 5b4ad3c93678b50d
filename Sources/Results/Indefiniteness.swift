/// Tells a kernel that rounding has made singular from one that is clearly indefinite, which no
/// kernel is: its tiles are then not those of one kernel.
package struct Indefiniteness {
  /// Eigenvalues below minus so many times the noise are clearly negative.
  private static let margin = 100.0

  private let run: RunFolder
  /// Whether the kernel was computed or is stored in single precision.
  package let hasSingleElements: Bool

  /// - Parameter run: for messages.
  package init(_ run: RunFolder, hasSingleElements: Bool) {
    (self.run, self.hasSingleElements) = (run, hasSingleElements)
  }

  /// A warning about an eigenvalue; nil where it may be rounding.
  ///
  /// - Parameters:
  ///   - trace: of the kernel.
  ///   - noise: what the solver itself cannot tell from zero.
  package func warning(
    _ label: String, eigenvalueAtMost value: Double, trace: Double, noise: Double
  ) -> String? {
    let noise = hasSingleElements ? max(noise, Double(Float.ulpOfOne) * trace) : noise
    guard trace > 0, value < -Self.margin * noise else { return nil }
    return "\(label) has an eigenvalue of at most \(value), and a kernel has none below zero "
      + "(\(noise) is rounding); check its tiles with `ntk-dist verify \(run.path)`"
  }

  /// The same for a kernel whose spectrum is known.
  package func warning(_ label: String, _ spectrum: SpectrumSummary) -> String? {
    warning(
      label, eigenvalueAtMost: spectrum.lambdaMin, trace: spectrum.trace,
      noise: spectrum.noiseFloor)
  }
}
