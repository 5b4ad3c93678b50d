import CVector

/// The Hermite coefficients of a smooth activation in one cell of ln q, by interpolation: tables
/// need them at hundreds of variances.
struct HermiteCell: Sendable {
  /// sqrt(q) E[phi'^2]^(1/2) / E[phi^2]^(1/2), E[phi] / E[phi^2]^(1/2), and the unit vector of the
  /// coefficients of phi'.
  private let numbers: CellPolynomials

  /// Larger numbers of coefficients would take more memory than the expansions are worth.
  private static let mostCoefficients = 2048

  /// Returns nil if an expansion is missing, is too long, does not decay without a gap, or changes
  /// too quickly.
  init?(_ index: Int, _ expansion: (Double) -> HermiteExpansion?) {
    let length = CellPolynomials.variances(index).reduce(0) {
      max($0, expansion($1)?.slopes.count ?? 0)
    }
    guard length <= Self.mostCoefficients else { return nil }
    let numbers = CellPolynomials(index) { variance in
      guard let expansion = expansion(variance), expansion.isGradual else { return nil }
      let moments = expansion.moments
      guard moments.square > 0 else { return nil }
      let ratio = (variance * moments.derivativeSquare / moments.square).squareRoot()
      let slopes = expansion.slopes.prefix(length)
      return [ratio, expansion.values[0]] + slopes
        + [Double](repeating: 0, count: length - slopes.count)
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
