import CVector

/// Numbers of one image or pixel in one cell of ln q, as polynomials in the place.
struct CellPolynomials: Sendable {
  private let index: Int
  /// [power of the place, highest first][number].
  private let numbers: [[Double]]
  private static let rule = Chebyshev(13)

  /// From the numbers at each of the cell's nodes, by variance; nil where one of them has none.
  init?(_ index: Int, _ numbers: (Double) -> [Double]?) {
    var samples: [[Double]] = []
    for tau in Self.rule.nodes {
      guard let sample = numbers(ntk_exp(VarianceCell.logarithm(index, tau))) else { return nil }
      samples.append(sample)
    }
    let powers = samples[0].indices.map { place in
      Chebyshev.powers(Self.rule.coefficients(samples.map { $0[place] }))
    }
    self.index = index
    self.numbers = (0..<Self.rule.count).reversed().map { power in powers.map { $0[power] } }
  }

  /// The numbers at one variance of the cell.
  func values(_ logarithm: Double) -> [Double] {
    VarianceCell.values(numbers, VarianceCell.place(logarithm, index))
  }
}
