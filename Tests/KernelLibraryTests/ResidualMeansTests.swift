import Testing

/// Residuals whose kernel is the sum of the kernels of their branches.
@Suite("means of residual branches")
struct ResidualMeansTests {
  @Test("branches that end with activations add up if at most one of them has a mean")
  func means() throws {
    let odd = [
      "erf", "sin", "gabor", "sign", "tanh", "layer_norm", "{monomial: {degree: 3}}",
      "{hermite: {degree: 1}}",
      "{polynomial: {coefficients: [0, 1, 0, 0.5]}}", "{elementwise: {formula: x * abs(x)}}",
      "{elementwise: {formula: sin(3 * x) + tanh(x)}}", "{dropout: {rate: 0.1}}",
    ]
    let others = [
      "relu", "abs", "gelu", "cos", "exp", "gaussian", "{rbf: {gamma: 0.5}}", "swish",
      "softplus", "selu",
      "sigmoid_like", "{monomial: {degree: 2}}", "{hermite: {degree: 2}}",
      "{rectified_monomial: {degree: 0}}", "{elementwise: {formula: tanh(x) + 0.01}}",
      "{polynomial: {coefficients: [0, 1, 0.01]}}", "{sin: {phase: 0.1}}",
      "{product: {branches: [[relu], [dense, relu]]}}",
    ]
    func isAccepted(_ first: String, _ second: String) -> Bool {
      let text = "[dense, \(first), {residual: {main: [dense, \(second)]}}, dense]"
      do {
        _ = try TestNetwork(text, shape: [1, 1, 10])
        return true
      } catch {
        #expect("\(error)".contains("have means that are not 0"), "\(text): \(error)")
        return false
      }
    }
    for (index, name) in odd.enumerated() {
      #expect(isAccepted(name, "relu"), "\(name)")
      #expect(isAccepted(others[index], name), "\(name)")
    }
    for name in others {
      #expect(!isAccepted(name, "relu"), "\(name)")
      #expect(!isAccepted("relu", name), "\(name)")
    }
  }
}
