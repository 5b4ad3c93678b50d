import CVector

/// A fixed grid of cells in ln q, two per factor of 2.
enum VarianceCell {
  static let width = 0.34657359027997264
  /// The ranges of variances that have cells of moments, and tables of pairs.
  static let range = 1e-12...1e6
  static let tableRange = 0x1p-10...64
  /// The range of tables if phi is 0 at 0. Otherwise, at small variances, the variation of phi is
  /// small compared with phi(0), and tables lose its digits.
  static let tableRangeOfVanishing = 0x1p-20...64

  static func index(_ logarithm: Double) -> Int { Int((logarithm / width).rounded(.down)) }

  /// ln q at place `tau` in -1...1 of a cell.
  static func logarithm(_ index: Int, _ tau: Double) -> Double {
    (Double(index) + 0.5 + tau / 2) * width
  }

  /// The place of `logarithm` in a cell, from -1 to 1.
  static func place(_ logarithm: Double, _ index: Int) -> Double {
    2 * (logarithm / width - Double(index) - 0.5)
  }

  /// The values of several polynomials in the place; `powers` is ordered by power, highest first.
  static func values(_ powers: [[Double]], _ place: Double) -> [Double] {
    var values = powers[0]
    for coefficients in powers.dropFirst() {
      for index in values.indices { values[index] = values[index] * place + coefficients[index] }
    }
    return values
  }
}

/// E[phi^2] and E[phi'^2] in one cell, as polynomials in the place.
struct MomentCell: Sendable {
  private let index: Int
  private let squares: [Double]
  private let slopes: [Double]
  /// Terms in the place. Functions that grow like exponentials need more.
  private static let rules = [Chebyshev(14), Chebyshev(28)]
  /// The largest value of the last two coefficients, relative to the smallest moment in the cell.
  private static let tolerance = 1e-13

  /// nil if the coefficients do not converge.
  init?(_ index: Int, _ moments: (Double) -> Moments) {
    for rule in Self.rules {
      let values = rule.nodes.map { moments(ntk_exp(VarianceCell.logarithm(index, $0))) }
      let squares = Self.coefficients(values.map(\.square), rule)
      let slopes = Self.coefficients(values.map(\.derivativeSquare), rule)
      guard let squares, let slopes else { continue }
      (self.index, self.squares, self.slopes) = (index, squares, slopes)
      return
    }
    return nil
  }

  /// nil if they do not converge, or if `values` are not numbers.
  private static func coefficients(_ values: [Double], _ rule: Chebyshev) -> [Double]? {
    let coefficients = rule.coefficients(values)
    let bound = tolerance * (values.min() ?? 0)
    return coefficients.suffix(2).allSatisfy { abs($0) <= bound } ? coefficients : nil
  }

  func moments(_ logarithm: Double) -> Moments {
    let tau = VarianceCell.place(logarithm, index)
    return Moments(
      square: max(Chebyshev.value(squares, tau), 0),
      derivativeSquare: max(Chebyshev.value(slopes, tau), 0))
  }
}
