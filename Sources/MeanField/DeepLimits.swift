import Glibc

/// The kernels of a deep network at pairs of pixels, and the eigenvalues that follow, where depth has
/// made all pairs of different inputs alike.
///
/// Source: Xiao, Pennington and Schoenholz, arXiv 1912.13053, section 3 and table 1.
public struct DeepLimits: Sendable {
  /// A kernel with one value on the diagonal and one off it.
  public struct Kernel: Sendable {
    /// Of a pixel with itself.
    public let diagonal: Double
    /// How much less it is between two inputs. In the ordered phase its decay with depth alone: the
    /// factor depends on the data.
    public let difference: Double

    /// The eigenvalues for `m` images: the largest, whose vector is constant, and all others.
    ///
    /// - Parameter positions: of the pixels that a global average pool mixes; 1 without one.
    public func eigenvalues(images m: Int, positions: Int) -> (largest: Double, bulk: Double) {
      let d = Double(positions)
      let bulk = difference / d
      return (Double(m) * (diagonal - difference) + bulk, bulk)
    }
  }

  /// Whether the differences are decays alone, without the factor that the data set.
  public let isDecayAlone: Bool
  /// The NNGP kernel; nil at criticality where the layers are too few for its power law.
  public let nngp: Kernel?
  /// The NTK.
  public let ntk: Kernel

  /// Layers, as a part of xi_1, up to which a network still behaves as at criticality.
  private static let criticalPart = 0.1
  /// Where the map of correlations is looked at for its first correction to the slope chi_1.
  private static let probes = (1e-6, 1e-8)

  /// The limits at `layers` affine layers; nil where the variance has none, or the correlations do not
  /// converge.
  ///
  /// - Parameter variance: the kernel's own, for activations that keep every variance at criticality.
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
      // The map of gaps is g (1 - e(g)): e = b g, or a sqrt(g) where the activation has a kink.
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
      // Beside the critical line, and of more layers than its depth scale: neither has a formula.
      guard chi < 1 else { return nil }
      nngp = Kernel(diagonal: q, difference: q * pow(chi, l))
      ntk = Kernel(diagonal: diagonal, difference: q * l * pow(chi, l))
    }
    // In the chaotic phase the NTK has a limit once a kernel's diagonal has outgrown the rest.
    guard q.isFinite, ntk.diagonal.isFinite, ntk.difference >= 0 else { return nil }
  }
}
