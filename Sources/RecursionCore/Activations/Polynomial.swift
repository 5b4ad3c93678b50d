/// A polynomial phi, represented by its Hermite coefficients. With the normalized Hermite
/// polynomials h_n and z ~ N(0, 1), a_n(q) = E[phi(sqrt(q) z) h_n(z)] = sqrt(q)^n b_n(q) with
/// polynomials b_n, and
///
///     E[phi phi] = sum_n a_n(q1) a_n(q2) c^n,    c = K12 / sqrt(q1 q2)
///
/// (Mehler). phi' has the coefficients sqrt(n + 1) a_(n+1) / sqrt(q), n from 0. With unit vectors
/// A_i = a(q_i) / |a(q_i)| and p_n = A_1n A_2n, the deficit is |a(q1)| |a(q2)| times
///
///     sum_n p_n (1 - c^n) + |A_1 - A_2|^2 / 2,    1 - c^n = (1 - c) (1 + c + ... + c^(n-1))
///
/// so nothing cancels for parallel images. For c < 0, the odd terms are added twice to the deficit
/// at |c|.
package struct Polynomial: Activation {
  package static let name = "polynomial"
  package static let sharesLoops = true

  /// The largest degree of a polynomial.
  static let largestDegree = 30

  /// b_n(q) = sum_i terms[n][i] (q - origin)^i.
  private let terms: [[Double]]
  private let origin: Double
  private let degree: Int
  package let dualIsNonNegative: Bool

  /// phi(x) = coefficients[0] + coefficients[1] x + coefficients[2] x^2 + ...
  package init(coefficients: [Double]) {
    degree = coefficients.count - 1
    origin = 0
    terms = coefficients.indices.map { n in
      stride(from: n, through: coefficients.count - 1, by: 2).map {
        coefficients[$0] * Self.weight(power: $0, term: n)
      }
    }
    // For even powers with coefficients of one sign, all a_n have this sign, and the odd a_n are 0.
    let even = coefficients.indices.filter { coefficients[$0] != 0 }
    dualIsNonNegative =
      even.allSatisfy { $0 % 2 == 0 }
      && (even.allSatisfy { coefficients[$0] > 0 } || even.allSatisfy { coefficients[$0] < 0 })
  }

  /// The normalized Hermite polynomial of a degree, expanded around q = 1, where it is a single
  /// term: its coefficients are powers of q - 1, so that small coefficients keep their digits.
  package init(hermite degree: Int) {
    self.degree = degree
    origin = 1
    terms = (0...degree).map { n in
      guard (degree - n) % 2 == 0 else { return [] }
      let order = (degree - n) / 2
      let norm = Self.product(1, through: degree).squareRoot()
      return [Double](repeating: 0, count: order)
        + [Self.weight(power: degree, term: n) / norm]
    }
    dualIsNonNegative = degree == 0
  }

  package init(_ parameters: inout LayerParameters) throws(NetworkError) {
    self.init(
      coefficients: try parameters.factors("coefficients", atMost: Self.largestDegree + 1))
  }

  /// E[z^power h_term(z)] = power! / (2^i i! sqrt(term!)), i = (power - term) / 2.
  static func weight(power: Int, term: Int) -> Double {
    let i = (power - term) / 2
    var weight = product(term + 1, through: power) * product(1, through: term).squareRoot()
    for factor in stride(from: 1, through: i, by: 1) { weight /= Double(2 * factor) }
    return weight
  }

  private static func product(_ first: Int, through last: Int) -> Double {
    stride(from: first, through: last, by: 1).reduce(1) { $0 * Double($1) }
  }

  /// The coefficients of phi and of phi', and the roots of the sums of their squares.
  private func own(_ variance: Double) -> (values: Own, slopes: Own) {
    let root = variance.squareRoot()
    var (values, slopes) = (Own(), Own())
    var power = 1.0  // sqrt(q)^n; of the one before for phi'
    var before = 0.0
    for n in 0...degree {
      let b = terms[n].reversed().reduce(0) { $0 * (variance - origin) + $1 }
      values.numbers.append(power * b)
      if n > 0 { slopes.numbers.append(Double(n).squareRoot() * before * b) }
      (before, power) = (power, power * root)
    }
    return (values, slopes)
  }

  private struct Own {
    var numbers: [Double] = []
    var square: Double { numbers.reduce(0) { $0 + $1 * $1 } }
    /// The vector, normalized.
    var unit: [Double] {
      let length = square.squareRoot()
      return numbers.map { length > 0 ? $0 / length : 0 }
    }
  }

  package func moments(variance: Double) -> Moments {
    let (values, slopes) = own(variance)
    return Moments(square: values.square, derivativeSquare: slopes.square)
  }

  /// sqrt(q) and its inverse, the lengths of both vectors, and both unit vectors.
  package var imageValueCount: Int { Self.vectors + 2 * degree + 1 }
  private static let vectors = 4

  package func writeImageValues(variance: Double, to values: UnsafeMutablePointer<Double>) {
    let root = variance.squareRoot()
    let (ofValues, ofSlopes) = own(variance)
    values[0] = root
    values[1] = root > 0 ? 1 / root : 0
    values[2] = ofValues.square.squareRoot()
    values[3] = ofSlopes.square.squareRoot()
    for (index, number) in (ofValues.unit + ofSlopes.unit).enumerated() {
      values[Self.vectors + index] = number
    }
  }

  @inline(__always)
  package func dual<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ pair: Pair<L>, _ x: X, _ y: Y
  ) -> Dual<L> where X.Register == L, Y.Register == L {
    let zero = L(0)
    let inverse = x[1] * y[1]
    let folded = L.max(L.min(pair.deficit, x[0] * y[0] + pair.covariance), zero)
    let (u, c) = (folded * inverse, pair.covariance.magnitude() * inverse)

    @inline(__always) func dual(first: Int, count: Int, largest: L) -> Pair<L> {
      var (even, odd, loss, rest, distance) = (zero, zero, zero, zero, zero)
      for n in stride(from: first + count - 1, through: first, by: -1) {
        let (ofX, ofY) = (x[n], y[n])
        let p = ofX * ofY
        (even, odd) = (p.adding(c, times: odd), c * even)
        loss = rest.adding(c, times: loss)
        rest = rest + p
        distance = distance.adding(ofX - ofY, times: ofX - ofY)
      }
      let deficit = L.max((L(0.5) * distance).adding(u, times: loss), zero)
      return Pair(
        covariance: largest
          * L.select(pair.covariance, lessThan: zero, even - odd, else: even + odd),
        deficit: largest
          * L.select(pair.covariance, lessThan: zero, deficit + (odd + odd), else: deficit))
    }
    return Dual(
      value: dual(first: Self.vectors, count: degree + 1, largest: x[2] * y[2]),
      derivative: dual(
        first: Self.vectors + degree + 1, count: degree, largest: x[3] * y[3]))
  }
}
