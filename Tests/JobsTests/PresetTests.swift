import Jobs
import RecursionCore
import Testing

@Suite struct PresetTests {
  @Test("the depth is the number of pairs before the last dense", arguments: [0, 1, 3, 100])
  func depth(depth: Int) throws {
    let network = try readNetwork(
      "{preset: fcn, depth: \(depth), activation: {erf: {scale: 2}}, weight_variance: 1.5, "
        + "bias_variance: 0.1}"
    )
    let erf = LayerDescription("erf", [.init("scale", .number(2))])
    let pairs = Array(repeating: [dense(1.5, 0.1), erf], count: depth).joined()
    #expect(network.variants.map(\.name) == [""])
    #expect(
      network.variants[0].layers == [LayerDescription("flatten")] + pairs + [dense(1.5, 0.1)])
  }

  @Test("several depths are as many variants, named by what varies alone")
  func depths() throws {
    let network = try readNetwork("{preset: fcn, depths: [1, 3, 10, 30]}")
    #expect(network.variants.map(\.name) == ["depth=1", "depth=3", "depth=10", "depth=30"])
    #expect(network.variants.map(\.layers.count) == [4, 8, 22, 62])
    #expect(try readNetwork("{preset: fcn, depths: [5]}").variants.map(\.name) == ["depth=5"])
    // A list where one value stands varies as well.
    let listed = try readNetwork("{preset: fcn, depth: [1, 3], weight_variance: [1, 2]}")
    #expect(
      listed == (try readNetwork("{preset: fcn, depths: [1, 3], weight_variances: [1, 2]}")))
  }

  @Test("depths and variances vary together, the depth slowest")
  func products() throws {
    let network = try readNetwork(
      "{preset: fcn, depths: [1, 30], weight_variances: [1.76, 2], bias_variance: 0.18}")
    #expect(
      network.variants.map(\.name) == [
        "depth=1,weight_variance=1.76", "depth=1,weight_variance=2",
        "depth=30,weight_variance=1.76", "depth=30,weight_variance=2",
      ])
    #expect(network.variants[3].layers.last == dense(2, 0.18))
    #expect(network.variants[2].layers.last == dense(1.76, 0.18))
  }

  @Test("a preset without more is He's ReLU network")
  func defaults() throws {
    let network = try readNetwork("{preset: fcn, depth: 1}")
    #expect(
      network.variants[0].layers == [
        LayerDescription("flatten"), dense(2, 0), LayerDescription("relu"), dense(2, 0),
      ])
  }
}
