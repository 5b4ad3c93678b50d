import CVector

/// A smooth activation's Hermite coefficients in one cell of ln q, as polynomials in the place: what
/// `FormulaActivation.pixelGaps` sums over.
struct SeriesCell: Sendable {
  /// sqrt(q) E[phi'^2]^(1/2) / E[phi^2]^(1/2), E[phi] / E[phi^2]^(1/2), and the unit vector of the
  /// coefficients of phi': the first one, and those that `tail` has.
  private let numbers: CellPolynomials
  /// How many coefficients matter in double and in single precision for two equal variances that are
  /// up to `closeness` greater in ln q. Of two that decay like exp(-y1 sqrt(n)) and exp(-y2 sqrt(n))
  /// products matter up to the n whose inverse root is the mean of both: what decays geometrically
  /// needs fewer.
  let counts: (f64: Int, f32: Int)

  /// Variances up to this apart in ln q have the distance of their vectors summed.
  static let closeness = 0.25
  /// Coefficients whose squares change no dual are below these.
  private static let smallest = (f64: 3e-9, f32: 3e-5)

  /// nil where an expansion is missing or has more than `limit` coefficients.
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
    // Beside a much larger variance, whose coefficients hardly decay.
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
