import CVector

/// Numbers of one image or pixel in one cell of ln q, as polynomials in the place.
struct CellPolynomials: Sendable {
  private let index: Int
  /// [power of the place, highest first][number].
  private let numbers: [[Double]]
  /// Terms in the place: as many as nearly all functions need, and more for those that oscillate.
  private static let rules = [Chebyshev(13), Chebyshev(25)]
  /// What interpolation may change of a number: above what Hermite's expansions leave out at their ends.
  private static let tolerance = 4e-14

  /// The variances at the nodes of a cell that nearly all functions need.
  static func variances(_ index: Int) -> [Double] { variances(index, rules[0]) }

  private static func variances(_ index: Int, _ rule: Chebyshev) -> [Double] {
    rule.nodes.map { ntk_exp(VarianceCell.logarithm(index, $0)) }
  }

  /// From the numbers at each of the cell's nodes, by variance; nil where one of them has none, or where the last
  /// two coefficients in the place are not below `tolerance`, which bounds the error.
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
