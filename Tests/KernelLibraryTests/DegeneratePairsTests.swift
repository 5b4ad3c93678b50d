import Glibc
import Testing

/// Pairs for which only rounding errors are left of a difference, in front of functions that magnify
/// them: the square root in the dual of a function with a kink, and a jump.
@Suite("degenerate pairs")
struct DegeneratePairsTests {
  static let dense = "{dense: {weight_variance: 2.0}}"

  @Test(
    "opposite images have no common part after relu, and opposite signs", arguments: [32, 64],
    [[1, 1, 1], [1, 1, 3072], [4, 4, 3]])
  func opposite(_ precision: Int32, _ shape: [Int]) throws {
    let networks = [
      (layers: "\(Self.dense), relu", nngp: 0.0), ("\(Self.dense), sign", -1.0),
      ("\(Self.dense), {abrelu: {negative_slope: 0, positive_slope: 1}}", 0),
      ("\(Self.dense), {rectified_monomial: {degree: 0}}", 0),
      ("\(Self.dense), sign, \(Self.dense), relu", 0),
    ]
    for (layers, expected) in networks {
      let network = try TestNetwork(
        "[flatten, \(layers), dense]", shape: shape, precision: precision)
      let x = network.images(1)
      for factor in [-1.0, -1.5, -0.3] {
        let found = try network.kernels(x, x.map { factor * $0 })
        let scale = (found.diagonals[0][0] * found.diagonals[2][0]).squareRoot()
        let rounding = precision == 64 ? 4e-16 : 5e-7
        #expect(
          abs(found.nngp[0] - expected * scale) <= (expected == 0 ? 0 : rounding),
          "\(layers), \(factor): \(found.nngp[0]) of \(scale)")
        if expected == 0 { #expect(found.ntk[0] == 0, "\(layers), \(factor)") }
      }
    }
  }

  @Test(
    "opposite pixels have no common part after relu", arguments: [32, 64],
    [
      "relu", "{leaky_relu: {negative_slope: 0}}", "sign, {convolution: {filter: [1, 1]}}, relu",
    ])
  func oppositePixels(_ precision: Int32, _ layers: String) throws {
    let convolution = "{convolution: {filter: [3, 3], weight_variance: 2.0}}"
    let network = try TestNetwork(
      "[\(convolution), \(layers), flatten, dense]", shape: [6, 6, 3], precision: precision)
    let x = network.images(1)
    let found = try network.kernels(x, x.map { -$0 })
    let largest = try network.kernels(x).ntk[0]
    let rounding = precision == 64 ? 1e-14 : 1e-5
    #expect(abs(found.ntk[0]) <= rounding * largest, "\(layers): \(found.ntk[0]) of \(largest)")
  }

  @Test("nearly opposite images keep their digits", arguments: [1e-2, 1e-4, 1e-6])
  func nearlyOpposite(_ distance: Double) throws {
    // With an angle of pi - t, E[phi' phi'] = t / 2 pi for relu.
    let network = try TestNetwork("[\(Self.dense), relu, dense]", shape: [1, 1, 3000])
    var (x, y) = ([Double](repeating: 0, count: 3000), [Double](repeating: 0, count: 3000))
    for place in 0..<1500 {
      (x[2 * place], x[2 * place + 1]) = (1, 0.5)
      (y[2 * place], y[2 * place + 1]) = (-1 + 0.5 * distance, -0.5 - distance)
    }
    let found = try network.kernels(x, y)
    // tan t = distance; NTK = K12 + (2 x . y / 3000) (t / 2 pi).
    let product = -1.25
    let angle = atan(distance)
    let expected = product * angle / (2 * .pi)
    // Rounding of 1 + c = t^2 / 2.
    #expect(abs(found.ntk[0] - found.nngp[0] - expected) <= 5e-16 / distance)
  }

  @Test(
    "a black pixel stays black after attention", arguments: [32, 64], ["abs", "identity", "relu"])
  func black(_ precision: Int32, _ mechanism: String) throws {
    let network = try TestNetwork(
      "[\(Self.dense), {self_attention: {mechanism: \(mechanism)}}, sign, flatten, dense]",
      shape: [2, 2, 3], precision: precision)
    var x = network.images(2)
    for channel in 0..<3 { x[channel] = 0 }
    let found = try network.kernels(x)
    #expect(abs(found.nngp[0] / found.nngp[3] - 0.75) <= (precision == 64 ? 1e-14 : 1e-6))
  }
}
