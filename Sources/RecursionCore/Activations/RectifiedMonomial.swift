import CVector

/// phi(x) = x^n for x > 0, else 0: the arc-cosine kernel of degree n (Cho & Saul 2009). With
/// s = sqrt(q1 q2), u = 1 - |c|, and P_n(c) = E[(z z')^n] for standard normal z and z' of
/// correlation c,
///
///     E[phi phi] = s^n T_n(u) / (2 pi)                         c < 0
///                = s^n (pi P_n(c) - (-1)^n T_n(u)) / (2 pi)    c >= 0
///     T_0 = acos(1 - u),    dT_n / du = n^2 T_(n-1),    T_n = u^n sqrt(u) R_n(u)
///
/// with R_n smooth on [0, 1]. phi' is n times the function of degree n - 1 (0 for n = 0). The
/// deficits are s^n (pi P_n(1) - T_n) / (2 pi) for c < 0 and
/// s^n (pi (P_n(1) - P_n(c)) + (-1)^n T_n) / (2 pi) for c >= 0, where the polynomial has the factor
/// u. For degree 0, the duals are 0 for an image (or pixel) without variance.
package struct RectifiedMonomial: Activation {
  package static let name = "rectified_monomial"
  package static let sharesLoops = true

  private static let largestDegree = 30

  private let degree: Int
  /// The kernels of degree n, and of degree n - 1 for phi'.
  private let value, slope: ArcCosineKernel

  package init(degree: Int) {
    self.degree = degree
    value = ArcCosineKernel(degree)
    slope = ArcCosineKernel(max(degree - 1, 0))
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    self.init(
      degree: try parameters.count("degree", atLeast: 0, atMost: Self.largestDegree))
  }

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    let general = try Self(&parameters)
    return general.degree == 1 ? ReLU() : general
  }

  package var jumps: Bool { degree == 0 }

  package func moments(variance: Double) -> Moments {
    func power(_ exponent: Int) -> Double {
      (0..<exponent).reduce(1) { product, _ in product * variance }
    }
    guard degree > 0 else { return Moments(square: variance > 0 ? 0.5 : 0, derivativeSquare: 0) }
    return Moments(
      square: value.largest * power(degree) / 2,
      derivativeSquare: Double(degree * degree) * slope.largest * power(degree - 1) / 2)
  }

  /// r = sqrt(q), 1 / r, r^n, n r^(n - 1). Without variance, r^0 is 0 for phi and 1 for phi'.
  package var imageValueCount: Int { 4 }

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let root = variance.squareRoot()
    let before = (0..<max(degree - 1, 0)).reduce(1.0) { product, _ in product * root }
    values[0] = root
    values[1] = root > 0 ? 1 / root : 0
    values[2] = degree > 0 ? before * root : (root > 0 ? 1 : 0)
    values[3] = Double(degree) * before
  }

  package var dualIsNonNegative: Bool { true }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let inverse = x[1] * y[1]
    let folded = pair.folded(x[0] * y[0])
    let angle = ArcCosineKernel.Angle(
      covariance: pair.covariance, cosine: pair.covariance.magnitude() * inverse,
      u: folded * inverse)
    return Dual(
      value: value.dual(angle, scale: x[2] * y[2]),
      derivative: slope.dual(angle, scale: x[3] * y[3]))
  }
}

/// The kernel of one degree for variances of 1.
private struct ArcCosineKernel: Sendable {
  let degree: Int
  /// P_n(1) = 1 3 5 ... (2 n - 1).
  let largest: Double
  /// The coefficients of P_n / 2 in powers of c, and of a polynomial L with
  /// P_n(1) - P_n(c) = 2 (1 - c) L(c).
  private let polynomial, loss: [Double]
  /// R_n / (2 pi) in Chebyshev polynomials of 2 u - 1, and the number of terms for single and
  /// double precision.
  private let remainder: [Double]
  private static let count = (single: 11, double: 23)

  init(_ n: Int) {
    degree = n
    let squares = (0...n).map { j -> Double in
      guard (n - j) % 2 == 0 else { return 0 }
      let a = Polynomial.weight(power: n, term: j)
      return a * a
    }
    largest = squares.reduce(0, +)
    polynomial = squares.map { $0 / 2 }
    loss = squares.indices.dropLast().map { j in squares[(j + 1)...].reduce(0, +) / 2 }
    remainder = Self.chebyshev { Self.remainder(n, $0) / (2 * Double.pi) }
  }

  /// R_n(u) by its series, whose terms are positive: acos(1 - u) is sqrt(2 u) times the sum of
  /// (2 j)! u^j / (j!^2 (2 j + 1) 8^j).
  private static func remainder(_ n: Int, _ u: Double) -> Double {
    var (sum, binomial) = (0.0, 2.squareRoot())
    for j in 0..<60 {
      var term = binomial / Double(2 * j + 1)
      for m in stride(from: 1, through: n, by: 1) {
        term *= Double(m * m) / (Double(j + m) + 0.5)
      }
      sum += term
      binomial *= u * Double(2 * j + 1) / Double(4 * (j + 1))
    }
    return sum
  }

  /// The Chebyshev coefficients of a function on [0, 1], from its values at the Chebyshev nodes.
  private static func chebyshev(_ function: (Double) -> Double) -> [Double] {
    let nodes = 32
    let angles = (0..<nodes).map { (Double($0) + 0.5) * Double.pi / Double(nodes) }
    let values = angles.map { function((1 + ntk_cos($0)) / 2) }
    return (0..<count.double).map { k in
      let sum = zip(angles, values).reduce(0) { $0 + $1.1 * ntk_cos(Double(k) * $1.0) }
      return sum * (k == 0 ? 1 : 2) / Double(nodes)
    }
  }

  /// The angle between two images: K12 for its sign, |c| and 1 - |c|.
  struct Angle<L: Lanes> {
    let covariance, cosine, u: L
  }

  @inline(__always)
  func dual<L: Lanes>(_ angle: Angle<L>, scale: L) -> Pair<L> {
    let zero = L(0)
    var (next, afterNext) = (zero, zero)
    let twiceY = L(-2).adding(L(4), times: angle.u)
    let terms = MemoryLayout<L.Scalar>.size == 4 ? Self.count.single : Self.count.double
    for k in stride(from: terms - 1, to: 0, by: -1) {
      (next, afterNext) = ((L(remainder[k]) - afterNext).adding(twiceY, times: next), next)
    }
    var t =
      (L(remainder[0]) - afterNext).adding(L(0.5) * twiceY, times: next)
      * angle.u.squareRoot()
    for _ in 0..<degree { t = t * angle.u }
    var (value, slope) = (zero, zero)
    for coefficient in polynomial.reversed() { value = value.horner(angle.cosine, coefficient) }
    for coefficient in loss.reversed() { slope = slope.horner(angle.cosine, coefficient) }
    let signed = degree % 2 == 0 ? t : zero - t
    return Pair(
      covariance: scale
        * L.select(angle.covariance, lessThan: zero, t, else: value - signed),
      deficit: scale
        * L.select(
          angle.covariance, lessThan: zero, L(largest / 2) - t,
          else: signed.adding(angle.u, times: slope)))
  }
}
