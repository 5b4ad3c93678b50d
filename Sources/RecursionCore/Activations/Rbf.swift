/// phi(x) = sqrt(2) sin(sqrt(2 gamma) x + pi/4), whose dual is the Gaussian kernel (Rahimi & Recht
/// 2007):
///
///     E[phi phi] = exp(-gamma (q1 + q2 - 2 K12)),    E[phi' phi'] = 2 gamma E[phi phi]
package enum Rbf: NamedActivation {
  package static let name = "rbf"

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    Sin(gaussianKernel: try parameters.factor("gamma", atLeast: 0))
  }
}
