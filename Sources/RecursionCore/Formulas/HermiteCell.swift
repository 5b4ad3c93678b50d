import CVector

/// A smooth activation's Hermite coefficients in one cell of ln q, by interpolation: tables need them at hundreds
/// of variances.
struct HermiteCell: Sendable {
  /// sqrt(q) E[phi'^2]^(1/2) / E[phi^2]^(1/2), E[phi] / E[phi^2]^(1/2), and the unit vector of the
  /// coefficients of phi'.
  private let numbers: CellPolynomials

  /// nil where an expansion is missing, or does not decay without a gap.
  init?(_ index: Int, _ expansion: (Double) -> HermiteExpansion?) {
    // The longest first, whose coefficients the others get zeros for.
    guard let last = expansion(ntk_exp(VarianceCell.logarithm(index, 1))) else { return nil }
    let numbers = CellPolynomials(index) { variance in
      guard let expansion = expansion(variance), expansion.isGradual else { return nil }
      let moments = expansion.moments
      guard moments.square > 0 else { return nil }
      let ratio = (variance * moments.derivativeSquare / moments.square).squareRoot()
      let slopes = expansion.slopes
      return [ratio, expansion.values[0]]
        + (0..<last.slopes.count).map { $0 < slopes.count ? slopes[$0] : 0 }
    }
    guard let numbers else { return nil }
    self.numbers = numbers
  }

  /// The coefficients at one variance of the cell.
  func vectors(_ logarithm: Double) -> HermiteVectors {
    let values = numbers.values(logarithm)
    return HermiteVectors.of(mean: values[1], root: values[0], Array(values.dropFirst(2))).vectors
  }
}
