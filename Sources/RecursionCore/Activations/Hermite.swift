/// phi(x) = He_degree(x) / sqrt(degree!), the normalized Hermite polynomial: K12^degree where both
/// variances are 1, and at any others what the polynomial gives.
package enum Hermite: NamedActivation {
  package static let name = "hermite"

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    let degree = try parameters.count("degree", atLeast: 0, atMost: Polynomial.largestDegree)
    return Polynomial(hermite: degree)
  }
}
