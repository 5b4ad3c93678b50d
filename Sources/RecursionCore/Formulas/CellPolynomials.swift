import CVector

/// The numbers of one image or pixel in one cell of ln q, as polynomials in the place within the
/// cell.
struct CellPolynomials: Sendable {
  private let index: Int
  /// [power of the place, highest first][number].
  private let numbers: [[Double]]
  /// Number of terms in the place: the first rule suffices for nearly all functions, the second is
  /// for functions that oscillate.
  private static let rules = [Chebyshev(13), Chebyshev(25)]
  /// The largest interpolation error of a number; it is above the truncation error of Hermite
  /// expansions.
  private static let tolerance = 4e-14

  /// The variances at the nodes of a cell, for the rule that suffices for nearly all functions.
  static func variances(_ index: Int) -> [Double] { variances(index, rules[0]) }

  private static func variances(_ index: Int, _ rule: Chebyshev) -> [Double] {
    rule.nodes.map { ntk_exp(VarianceCell.logarithm(index, $0)) }
  }

  /// Interpolates the function `numbers` of the variance between the nodes of the cell. Returns nil
  /// if `numbers` returns nil at a node, or if the last two coefficients in the place are not below
  /// `tolerance`, which bounds the error.
  init?(
    _ index: Int, tolerance: Double = Self.tolerance, _ numbers: (Double) -> [Double]?
  ) {
    for rule in Self.rules {
      var samples: [[Double]] = []
      for variance in Self.variances(index, rule) {
        guard let sample = numbers(variance) else { return nil }
        samples.append(sample)
      }
      let coefficients = samples[0].indices.map { place in
        rule.coefficients(samples.map { $0[place] })
      }
      let isResolved = coefficients.allSatisfy { number in
        number.suffix(2).allSatisfy { abs($0) <= tolerance * max(1, abs(number[0])) }
      }
      guard isResolved else { continue }
      let powers = coefficients.map(Chebyshev.powers)
      self.index = index
      self.numbers = (0..<rule.count).reversed().map { power in powers.map { $0[power] } }
      return
    }
    return nil
  }

  /// The numbers at one variance of the cell.
  func values(_ logarithm: Double) -> [Double] {
    VarianceCell.values(numbers, VarianceCell.place(logarithm, index))
  }
}
