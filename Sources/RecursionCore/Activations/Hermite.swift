/// phi(x) = He_degree(x) / sqrt(degree!), the normalized Hermite polynomial. Its dual is K12^degree
/// if both variances are 1; for other variances, it is the dual of the polynomial.
package enum Hermite: NamedActivation {
  package static let name = "hermite"

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    let degree = try parameters.count("degree", atLeast: 0, atMost: Polynomial.largestDegree)
    return Polynomial(hermite: degree)
  }
}
