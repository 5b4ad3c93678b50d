/// phi(x) = x^degree.
package enum Monomial: NamedActivation {
  package static let name = "monomial"

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    let degree = try parameters.count("degree", atLeast: 0, atMost: Polynomial.largestDegree)
    return Polynomial(coefficients: [Double](repeating: 0, count: degree) + [1])
  }
}
