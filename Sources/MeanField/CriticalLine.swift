/// The critical line of a network.
public enum CriticalLine {
  /// The weight variance at which chi_1 = 1 for a given bias variance; nil if there is none below
  /// 1e6.
  ///
  /// Source: Schoenholz et al. (2017), equation 5: sigma_w^2 E[phi'(u)^2] = 1 at q*.
  public static func weightVariance(
    _ moments: GaussianMoments, biasVariance: Double
  ) -> Double? {
    func excess(_ weight: Double) -> Double {
      MeanField.slope(moments, weight, biasVariance).chi1 - 1
    }
    if biasVariance == 0 {
      // If no variance survives up to the critical point, the slope there is the slope at zero
      // variance.
      let weight = 1 / moments.derivativeSquare(1e-150)
      if MeanField.slope(moments, weight * (1 - 1e-6), 0).qStar == 0 { return weight }
    }
    var (low, high) = (1e-3, 1.0)
    while excess(high) < 0 {
      (low, high) = (high, high * 1.5)
      if high > 1e6 { return nil }
    }
    let found = root(of: excess, low, high)
    // Where the variance begins to grow without bound, chi_1 jumps over 1.
    return abs(excess(found)) < 1e-6 ? found : nil
  }
}
