import TileStore

/// Tells a kernel that rounding has made singular from one that is clearly indefinite, which no
/// kernel is: its tiles are then not those of one kernel.
struct Indefiniteness {
  /// Eigenvalues below minus so many times the noise are clearly negative.
  private static let margin = 100.0

  /// Whether the kernel's elements are in single precision.
  let isSingle: Bool
  private let run: String

  /// - Parameter array: of the kernel; its entries' precision decides about the noise.
  init(of array: TileArray, run: String) {
    isSingle =
      array.spec.storage == .float32 || array.spec.fingerprint["precision"] == "f32"
    self.run = run
  }

  /// A warning about an eigenvalue; nil where it may be rounding.
  ///
  /// - Parameters:
  ///   - trace: of the kernel.
  ///   - noise: what the solver itself cannot tell from zero.
  func warning(_ label: String, eigenvalueAtMost value: Double, trace: Double, noise: Double)
    -> String?
  {
    let noise = isSingle ? max(noise, Double(Float.ulpOfOne) * trace) : noise
    guard trace > 0, value < -Indefiniteness.margin * noise else { return nil }
    return "\(label) has an eigenvalue of at most \(value), and a kernel has none below zero "
      + "(\(noise) is rounding); check its tiles with `ntk-dist verify \(run)`"
  }
}
