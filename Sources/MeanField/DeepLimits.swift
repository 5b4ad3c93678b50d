import Glibc

/// The kernels of a deep network at pairs of pixels, and the resulting eigenvalues, at depths where
/// all pairs of different inputs have become alike.
///
/// Source: Xiao, Pennington and Schoenholz, arXiv 1912.13053, section 3 and table 1.
public struct DeepLimits: Sendable {
  /// A kernel with one value on the diagonal and one off it.
  public struct Kernel: Sendable {
    /// The value for an input with itself.
    public let diagonal: Double
    /// The diagonal minus the value for two different inputs. In the ordered phase, only its decay
    /// with depth: the factor depends on the data.
    public let difference: Double

    /// The eigenvalues for `m` images: the largest, whose eigenvector is constant, and the common
    /// value of all others.
    ///
    /// - Parameter positions: number of pixels that a global average pool averages over; 1 without
    ///   one.
    public func eigenvalues(images m: Int, positions: Int) -> (largest: Double, bulk: Double) {
      let d = Double(positions)
      let bulk = difference / d
      return (Double(m) * (diagonal - difference) + bulk, bulk)
    }
  }

  /// Whether the differences are only decays with depth, without the factor that the data
  /// determine.
  public let isDecayAlone: Bool
  /// The NNGP kernel; nil at criticality if there are too few layers for its power law.
  public let nngp: Kernel?
  /// The NTK.
  public let ntk: Kernel

  /// The number of layers, as a fraction of xi_1, up to which a network still behaves as at
  /// criticality.
  private static let criticalPart = 0.1
  /// The gaps at which the map of correlations is evaluated to find its first correction to the
  /// slope chi_1.
  private static let probes = (1e-6, 1e-8)

  /// The limits for a number of affine layers, `layers`; nil if the variance has no limit, or the
  /// correlations do not converge.
  ///
  /// - Parameter variance: the variance of the kernel itself, for activations that preserve every
  ///   variance at criticality.
  public init?(_ field: MeanField, _ moments: GaussianMoments, layers: Int, variance: Double) {
    let l = Double(layers)
    let isCritical = l * abs(log(field.chi1)) < Self.criticalPart
    var q = field.qStar
    if q == 0 && isCritical { q = variance }
    guard q > 0, q.isFinite, layers > 0 else { return nil }
    let chi = field.chi1
    isDecayAlone = !isCritical && field.phase != .chaotic
    let diagonal = q * (isCritical ? l : (1 - pow(chi, l)) / (1 - chi))
    if isCritical {
      // The map of gaps is g (1 - e(g)), with e = b g, or e = a sqrt(g) if the activation has a
      // kink.
      func correction(_ gap: Double) -> Double {
        1 - moments.pair(q, gap).deficit * field.weightVariance / (q * chi * gap)
      }
      let (first, second) = (correction(Self.probes.0), correction(Self.probes.1))
      guard first > 1e-12, second > 0 else { return nil }
      let hasKink = log(first / second) / log(Self.probes.0 / Self.probes.1) < 0.75
      let gap =
        hasKink ? 4 * Self.probes.0 / (first * first * l * l) : Self.probes.0 / (first * l)
      nngp = gap < 0.5 ? Kernel(diagonal: q, difference: q * gap) : nil
      ntk = Kernel(diagonal: diagonal, difference: diagonal * (hasKink ? 3.0 / 4 : 2.0 / 3))
    } else if field.phase == .chaotic {
      nngp = Kernel(diagonal: q, difference: q * field.gap)
      ntk = Kernel(
        diagonal: diagonal, difference: diagonal - q * field.cStar / (1 - field.chiCStar))
    } else {
      // If chi_1 >= 1 near the critical line, and there are more layers than the critical formulas
      // allow, no formula holds.
      guard chi < 1 else { return nil }
      nngp = Kernel(diagonal: q, difference: q * pow(chi, l))
      ntk = Kernel(diagonal: diagonal, difference: q * l * pow(chi, l))
    }
    // In the chaotic phase, the NTK has a limit only if the diagonal has outgrown the rest of the
    // kernel.
    guard q.isFinite, ntk.diagonal.isFinite, ntk.difference >= 0 else { return nil }
  }
}
