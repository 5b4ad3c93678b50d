/// The coefficients of phi and of phi', from n = 0 on, as unit vectors.
struct HermiteVectors: Sendable {
  let values: [Double]
  let slopes: [Double]

  /// sqrt(n) from n = 1 on.
  private static let roots = (1...HermiteExpansion.limits.count).map { Double($0).squareRoot() }

  /// The unit vectors from E[phi], sqrt(q) and the coefficients of phi', which must have one common
  /// unit; and the lengths of the vectors in this unit.
  static func of(
    mean: Double, root: Double, _ slopes: [Double]
  ) -> (vectors: HermiteVectors, lengths: (values: Double, slopes: Double)) {
    let values =
      [mean] + zip(slopes, roots).map { slope, orderRoot in root / orderRoot * slope }
    func length(_ a: [Double]) -> Double {
      a.reversed().reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    let lengths = (length(values), length(slopes))
    let vectors = HermiteVectors(
      values: values.map { lengths.0 > 0 ? $0 / lengths.0 : 0 },
      slopes: slopes.map { lengths.1 > 0 ? $0 / lengths.1 : 0 })
    return (vectors, lengths)
  }
}
