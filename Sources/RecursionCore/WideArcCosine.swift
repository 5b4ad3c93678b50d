/// P and Q of acos(1 - u) = sqrt(u) P(u) and sqrt(1 - c^2) - c acos(c) = u sqrt(u) Q(u), c = 1 - u,
/// for u in [0, 1.2]. The range extends beyond c = 0, so that slightly negative correlations need
/// no other formula (`AbReLU`).
extension Float64Lanes {
  /// P(u); rational, relative error 8.6e-17.
  @inline(__always)
  package static func wideArcCosineFactor(_ u: Self) -> Self { wideAngle(Self(1) - u) }

  /// Q(u); rational, relative error 4.1e-16.
  @inline(__always)
  package static func wideArcCosineMomentFactor(_ u: Self) -> Self { wideMoment(Self(1) - u) }

  @inline(__always)
  package static func wideTurnFactor(_ v: Self) -> Self {
    wideAngle(Self(1).adding(Self(-4 * Double.pi * Double.pi), times: v))
  }

  @inline(__always)
  package static func wideTurnMomentFactor(_ v: Self) -> Self {
    wideMoment(Self(1).adding(Self(-4 * Double.pi * Double.pi), times: v))
  }

  @inline(__always)
  private static func wideAngle(_ c: Self) -> Self {
    let numerator = Self(0.0002176970653485823)
      .horner(c, 0.0198515181078594)
      .horner(c, 0.30260783822473314)
      .horner(c, 1.628710408353926)
      .horner(c, 3.834144762344468)
      .horner(c, 4.050505778800155)
      .horner(c, 1.5707963267948966)
    let denominator = Self(0.0005153713608830543)
      .horner(c, 0.023953947262431316)
      .horner(c, 0.27928314278111865)
      .horner(c, 1.2916862655413521)
      .horner(c, 2.755159340209593)
      .horner(c, 2.7152518392409077)
      .horner(c, 1.0)
    return numerator / denominator
  }

  @inline(__always)
  private static func wideMoment(_ c: Self) -> Self {
    let numerator = Self(-7.361007738099217e-06)
      .horner(c, 0.001494905480050048)
      .horner(c, 0.056438260765557295)
      .horner(c, 0.48645617737377905)
      .horner(c, 1.5767481882787278)
      .horner(c, 2.1221704420030685)
      .horner(c, 0.9999999999999997)
    let denominator = Self(0.0030807039074569006)
      .horner(c, 0.07786852219184622)
      .horner(c, 0.5742474633824415)
      .horner(c, 1.7131966704850885)
      .horner(c, 2.1929667687979717)
      .horner(c, 1.0)
    return numerator / denominator
  }
}

extension Float32Lanes {
  /// P(u); minimax, relative error 1.2e-7.
  @inline(__always)
  package static func wideArcCosineFactor(_ u: Self) -> Self {
    Self(0.002265578120077297)
      .horner(u, -0.00582584125962355)
      .horner(u, 0.008811372393849054)
      .horner(u, -0.002383687843550835)
      .horner(u, 0.009611034755332174)
      .horner(u, 0.02623596738143407)
      .horner(u, 0.11786836853240124)
      .horner(u, 1.4142133895272857)
  }

  /// Q(u); minimax, relative error 8.7e-8.
  @inline(__always)
  package static func wideArcCosineMomentFactor(_ u: Self) -> Self {
    Self(0.00036929347152475926)
      .horner(u, -0.000591163836607341)
      .horner(u, 0.0012195155473110732)
      .horner(u, 0.0014064984546233717)
      .horner(u, 0.007652379732226154)
      .horner(u, 0.04713426827067544)
      .horner(u, 0.9428091229697025)
  }

  /// The polynomial of `wideArcCosineFactor`, rescaled to turns.
  @inline(__always)
  package static func wideTurnFactor(_ v: Self) -> Self {
    Self(338607987.70351833)
      .horner(v, -22055508.102010313)
      .horner(v, 844971.8479550704)
      .horner(v, -5790.130185257594)
      .horner(v, 591.3564769825934)
      .horner(v, 40.889947760371676)
      .horner(v, 4.653256675266439)
      .horner(v, 1.4142133895272857)
  }

  /// The polynomial of `wideArcCosineMomentFactor`, rescaled to turns.
  @inline(__always)
  package static func wideTurnMomentFactor(_ v: Self) -> Self {
    Self(1398073.649840598)
      .horner(v, -56690.0111736296)
      .horner(v, 2962.2812403817984)
      .horner(v, 86.5403145635376)
      .horner(v, 11.926581663410762)
      .horner(v, 1.8607863262655393)
      .horner(v, 0.9428091229697025)
  }
}
