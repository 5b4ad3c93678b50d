import CVector

/// Numbers of one image or pixel in one cell of ln q, as polynomials in the place.
struct CellPolynomials: Sendable {
  private let index: Int
  /// [power of the place, highest first][number].
  private let numbers: [[Double]]
  private static let rule = Chebyshev(13)

  /// The variances at a cell's nodes.
  static func variances(_ index: Int) -> [Double] {
    rule.nodes.map { ntk_exp(VarianceCell.logarithm(index, $0)) }
  }

  /// From the numbers at each of the cell's nodes, by variance; nil where one of them has none, or where the last
  /// two of 13 coefficients in the place are not below `tolerance`, which bounds the error.
  init?(
    _ index: Int, tolerance: Double = .infinity, _ numbers: (Double) -> [Double]?
  ) {
    var samples: [[Double]] = []
    for variance in Self.variances(index) {
      guard let sample = numbers(variance) else { return nil }
      samples.append(sample)
    }
    let coefficients = samples[0].indices.map { place in
      Self.rule.coefficients(samples.map { $0[place] })
    }
    let isResolved = coefficients.allSatisfy { number in
      number.suffix(2).allSatisfy { abs($0) <= tolerance * max(1, abs(number[0])) }
    }
    guard isResolved else { return nil }
    let powers = coefficients.map(Chebyshev.powers)
    self.index = index
    self.numbers = (0..<Self.rule.count).reversed().map { power in powers.map { $0[power] } }
  }

  /// The numbers at one variance of the cell.
  func values(_ logarithm: Double) -> [Double] {
    VarianceCell.values(numbers, VarianceCell.place(logarithm, index))
  }
}
