/// The duals of exp(-x^2) sin(x) at a pair with covariance k >= 0, and their losses relative to
/// k = q, the mean variance. With s = sqrt(q1 q2), d = s - k, E_i = 1 + 4 q_i, M their mean and
/// e = 4 d (s + k),
///
///     E = M + e,    x = k / E,    F = E^(-1/2) exp((1 - e) / (4 E) - 1/4),    w = 3/2 + (1 - e) / (2 E)
///     E[phi phi]   = F sinh x
///     E[phi' phi'] = F (4 x w sinh x + (1/E + 8 x^2) cosh x)
///
/// All of these terms are positive and, except for 1 / k, grow with k up to q, where e = 0. The
/// loss of a term is its value at k = q minus its value at k. Every loss below is a sum of positive
/// terms, so nothing cancels. Here |x| <= 1/4.
struct GaborPair<L: Lanes> {
  /// 1 / M and its root.
  let inverseMeanE, inverseRootMeanE: L
  /// Each dual and its loss.
  let value, slope: Pair<L>

  /// - Parameters:
  ///   - deficit: d.
  ///   - scale: s.
  ///   - rootDifference: sqrt(q1) - sqrt(q2).
  @inline(__always)
  init(k: L, deficit: L, scale: L, meanVariance q: L, meanE m: L, rootDifference: L) {
    let (zero, one, half) = (L(0), L(1), L(0.5))
    let e = L(4) * deficit * (scale + k)
    let (rootM, rootE) = (m.squareRoot(), (m + e).squareRoot())
    let (inverseM, inverseE) = (one / m, one / (m + e))
    (inverseMeanE, inverseRootMeanE) = (inverseM, one / rootM)

    // x, and the losses of 1/E, x and w.
    let lossE = e * inverseE * inverseM
    let largestX = q * inverseM
    let x = k * inverseE
    let halfSquare = half * rootDifference * rootDifference
    let lossX = (inverseE * (halfSquare + deficit)).adding(q, times: lossE)
    let lossW = half * e * inverseE * (one + inverseM)
    let largestW = L(1.5).adding(half, times: inverseM)
    let w = L(1.5).adding(half * inverseE, times: one - e)

    // F: the losses of its two factors are 1 - sqrt(M / E) and 1 - exp(-loss).
    let exponent = zero - half * lossW
    let largestF = inverseRootMeanE * L.exponential(L(0.25) * (inverseM - one))
    let ratio = rootM / rootE
    let change = L.exponentialMinusOne(exponent)
    let f = largestF * ratio.adding(ratio, times: change)
    let lossF = largestF * ((e / (rootE * (rootE + rootM))) - ratio * change)

    // The losses of sinh and cosh, from the half sum and the half difference of their arguments.
    let mid = half * (largestX + x)
    let step = Self.sinh(half * lossX)
    let lossSinh = (step + step) * Self.cosh(mid)
    let lossCosh = (step + step) * Self.sinh(mid)
    let (largestSinh, largestCosh) = (Self.sinh(largestX), Self.cosh(largestX))
    let (sinh, cosh) = (Self.sinh(x), Self.cosh(x))
    value = Pair(covariance: f * sinh, deficit: (lossF * largestSinh).adding(f, times: lossSinh))

    let (four, eight) = (L(4), L(8))
    let product = four * x * w
    let square = inverseE.adding(eight * x, times: x)
    let lossProduct = four * (lossX * largestW).adding(x, times: lossW)
    let lossSquare = lossE.adding(eight * lossX, times: largestX + x)
    let largestProduct = four * largestX * largestW
    let largestSum = (largestProduct * largestSinh)
      .adding(inverseM.adding(eight * largestX, times: largestX), times: largestCosh)
    let lossSum = (lossProduct * largestSinh).adding(product, times: lossSinh)
      .adding(lossSquare, times: largestCosh).adding(square, times: lossCosh)
    slope = Pair(
      covariance: f * (product * sinh).adding(square, times: cosh),
      deficit: (lossF * largestSum).adding(f, times: lossSum))
  }

  /// sinh(x) for |x| <= 1/4, within 1 eps.
  @inline(__always)
  private static func sinh(_ x: L) -> L {
    let z = x * x
    let factor = L(1.0 / 6_227_020_800).horner(z, 1.0 / 39_916_800).horner(z, 1.0 / 362_880)
      .horner(z, 1.0 / 5040).horner(z, 1.0 / 120).horner(z, 1.0 / 6)
    return x.adding(x * z, times: factor)
  }

  /// cosh(x) for |x| <= 1/4, within 1 eps.
  @inline(__always)
  private static func cosh(_ x: L) -> L {
    let z = x * x
    return L(1.0 / 479_001_600).horner(z, 1.0 / 3_628_800).horner(z, 1.0 / 40_320)
      .horner(z, 1.0 / 720).horner(z, 1.0 / 24).horner(z, 0.5).horner(z, 1)
  }
}

/// J_j = (A^p + B^p) / 2 - H^p, p = j + 1/2, for numbers A and B with the harmonic mean H. With
/// D_j = A^p - B^p, every term of
///
///     D_(j+1) = A D_j + B^p (A - B),    J_(j+1) = H J_j + (A - B) D_(j+1) / (2 (A + B))
///
/// is positive for A > B, so nothing cancels.
struct MeanOfPowers<L: Lanes> {
  private let numbers: (L, L)
  private let difference, harmonic: L
  /// D_0, J_0 and B^(1/2).
  private let firstDifference, first, power: L

  /// Computes J_0 and the quantities of the recurrence.
  ///
  /// - Parameters:
  ///   - numbers: A and B.
  ///   - inverseDifference: 1/B - 1/A, which is known without cancellation.
  ///   - harmonic: H.
  @inline(__always)
  init(
    _ numbers: (L, L), roots: (L, L), difference inverseDifference: L, ofMean harmonic: L, root: L
  ) {
    let (a, b) = numbers
    self.numbers = numbers
    self.harmonic = harmonic
    power = roots.1
    difference = inverseDifference * (a * b)
    let d = difference / (roots.0 + roots.1)
    firstDifference = d
    // ((A^(1/2) + B^(1/2)) / 2)^2 - H has the factor (A^(1/2) - B^(1/2))^2.
    let (sum, mean) = (a + b, roots.0 * roots.1)
    let factor = sum.adding(L(4), times: mean) / (L(4) * sum)
    first = d * d * factor / (L(0.5) * (roots.0 + roots.1) + root)
  }

  /// The sums of J_j times the coefficients of two functions.
  @inline(__always)
  func sums(_ left: [Double], _ right: [Double], count: Int) -> (L, L) {
    let (a, b) = numbers
    let factor = L(0.5) * difference / (a + b)
    var (d, j, power) = (firstDifference, first, self.power)
    var (ofLeft, ofRight) = (L(0), L(0))
    for index in 0..<count {
      ofLeft = ofLeft.adding(L(left[index]), times: j)
      ofRight = ofRight.adding(L(right[index]), times: j)
      d = (a * d).adding(power, times: difference)
      power = power * b
      j = (harmonic * j).adding(factor, times: d)
    }
    return (ofLeft, ofRight)
  }
}
