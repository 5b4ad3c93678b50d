import CVector

extension Lanes {
  /// e^x, within 1 unit in the last place (1.5 in single precision). 0 if the result would be below
  /// the normal numbers, and constant beyond the largest.
  @inline(__always)
  package static func exponential(_ x: Self) -> Self {
    let parts = exponentialParts(x)
    return parts.power.adding(parts.power, times: parts.minusOne)
  }

  /// e^x - 1 with full relative accuracy (2 units in the last place), for x near 0 too. If
  /// `exponential` of the same x is computed as well, it costs two additional operations.
  @inline(__always)
  package static func exponentialMinusOne(_ x: Self) -> Self {
    let parts = exponentialParts(x)
    return (parts.power - Self(1)).adding(parts.power, times: parts.minusOne)
  }

  /// x = n ln 2 + r, where n is the integer nearest to x / ln 2. Adding the constant `rounding`,
  /// 1.5 2^bits with bits the length of the fraction, rounds to an integer. ln 2 is given in two
  /// parts.
  @inline(__always)
  static func reduced(
    _ x: Self, rounding: Double, logarithm: (high: Double, low: Double)
  ) -> (n: Self, r: Self) {
    let rounding = Self(rounding)
    let n = rounding.adding(x, times: Self(1.442695040888963407)) - rounding
    let r = x.adding(n, times: Self(-logarithm.high)).adding(n, times: Self(-logarithm.low))
    return (n, r)
  }
}

extension Float64Lanes {
  /// e^r - 1 = r + r^2 q(r), with q of degree 9 by interpolation at the Chebyshev nodes: relative
  /// error 4.1e-17 without rounding. x is clamped to [-708, 709], where 2^n and e^x are normal.
  @inline(__always)
  package static func exponentialParts(_ x: Self) -> (power: Self, minusOne: Self) {
    let (n, r) = reduced(
      max(Self(-708), min(Self(709), x)), rounding: 0x1.8p52,
      logarithm: (0.6931471805599453094, 2.319046813846299616e-17))
    let q = Self(2.5100472505694996e-8)
      .horner(r, 2.762020159103154879e-7)
      .horner(r, 2.755726827690569619e-6)
      .horner(r, 0.0000248015210578682052)
      .horner(r, 0.0001984126986317155603)
      .horner(r, 0.001388888891736708056)
      .horner(r, 0.008333333333330038197)
      .horner(r, 0.04166666666662382053)
      .horner(r, 0.1666666666666666746)
      .horner(r, 0.5)
    var power = Self(1)
    ntk_f64_scale_by_power(&power.value, Self(1).value, n.value)
    return (select(x, lessThan: Self(-708), Self(0), else: power), r.adding(r * r, times: q))
  }
}

extension Float32Lanes {
  /// As above with q of degree 4, relative error 2.5e-8, for x in [-87, 88].
  @inline(__always)
  package static func exponentialParts(_ x: Self) -> (power: Self, minusOne: Self) {
    let (n, r) = reduced(
      max(Self(-87), min(Self(88), x)), rounding: 0x1.8p23,
      logarithm: (0.6931471824645996094, -1.9046542999577678785e-9))
    let q = Self(0.001392625083149761172)
      .horner(r, 0.008363232883682618204)
      .horner(r, 0.04166655421298415031)
      .horner(r, 0.1666657666611992831)
      .horner(r, 0.5)
    var power = Self(1)
    ntk_f32_scale_by_power(&power.value, Self(1).value, n.value)
    return (select(x, lessThan: Self(-87), Self(0), else: power), r.adding(r * r, times: q))
  }
}
