import CVector

/// The Hermite coefficients of a smooth activation in one cell of ln q, as polynomials in the place
/// within the cell. `FormulaActivation.pixelGaps` sums over these coefficients.
struct SeriesCell: Sendable {
  /// sqrt(q) E[phi'^2]^(1/2) / E[phi^2]^(1/2), E[phi] / E[phi^2]^(1/2), and the unit vector of the
  /// coefficients of phi': the first coefficient, and the coefficients of the parities in `tail`.
  private let numbers: CellPolynomials
  /// The number of coefficients that matter in double and in single precision, for two equal
  /// variances up to `closeness` above the cell in ln q. For two variances whose coefficients decay
  /// like exp(-y1 sqrt(n)) and exp(-y2 sqrt(n)), products matter up to the n whose inverse root is
  /// the mean of both inverse roots. Coefficients that decay geometrically need fewer.
  let counts: (f64: Int, f32: Int)

  /// The largest difference in ln q for which the squared distance of the two vectors is summed.
  static let closeness = 0.25
  /// Coefficients below these have squares that change no dual.
  private static let smallest = (f64: 3e-9, f32: 3e-5)

  /// Returns nil if an expansion is missing or has more than `limit` coefficients.
  init?(
    _ index: Int, _ tail: WindowSamples.Parity, limit: Int,
    _ expansion: (Double) -> HermiteExpansion?
  ) {
    let edge = VarianceCell.logarithm(index, 1) + Self.closeness
    guard let last = expansion(ntk_exp(edge)) else { return nil }
    let beyond = last.slopes.indices.filter { $0 > 0 && tail.has($0) }
    func count(_ smallest: Double) -> Int {
      let needed = beyond.lastIndex {
        abs(last.slopes[$0]) * Double($0 + 1).squareRoot() > smallest
      }
      return (needed ?? -1) + 1
    }
    counts = (count(Self.smallest.f64), count(Self.smallest.f32))
    // Enough for pairs with a much larger variance, whose coefficients hardly decay.
    let length = min(4 * counts.f64, limit)
    let numbers = CellPolynomials(index) { variance in
      guard let expansion = expansion(variance) else { return nil }
      let moments = expansion.moments
      let ratio = (variance * moments.derivativeSquare / moments.square).squareRoot()
      let slopes = expansion.slopes.indices.filter { $0 > 0 && tail.has($0) }
        .map { expansion.slopes[$0] }
      return [ratio, expansion.values[0], expansion.slopes.first ?? 0]
        + (0..<length).map { $0 < slopes.count ? slopes[$0] : 0 }
    }
    guard let numbers else { return nil }
    self.numbers = numbers
  }

  /// The numbers at one variance.
  func values(_ logarithm: Double) -> [Double] { numbers.values(logarithm) }
}

extension WindowSamples.Parity {
  /// Whether coefficient `n` can differ from 0.
  func has(_ n: Int) -> Bool { n % 2 == 0 ? hasEven : hasOdd }
}
