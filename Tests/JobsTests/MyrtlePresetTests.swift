import Foundation
import Jobs
import RecursionCore
import Testing

@Suite struct MyrtlePresetTests {
  /// The layers by their initials: c convolution, a activation, p pool, f flatten, d dense.
  private func initials(_ network: String) throws -> String {
    try readNetwork(network).variants[0].layers
      .map { ["relu": "a", "average_pool": "p"][$0.name] ?? String($0.name.prefix(1)) }
      .joined()
  }

  @Test(
    "stages of convolutions and a pool, and pools until one pixel is left",
    arguments: [
      ("preset: myrtle-5", "cacapcapcapppfd"), ("preset: myrtle-7", "cacapcacapcacapppfd"),
      ("preset: myrtle-10", "cacacapcacacapcacacapppfd"),
      ("preset: myrtle-5, image_size: 8", "cacapcapcapfd"),
      ("preset: myrtle-5, image_size: 16, padding: circular", "cacapcapcappfd"),
      ("preset: myrtle-10, image_size: 64", "cacacapcacacapcacacappppfd"),
      // 32 - 4 = 28, 14 - 2 = 12, 6 - 2 = 4, 2, 1.
      ("preset: myrtle-5, padding: valid", "cacapcapcappfd"),
      ("preset: myrtle-7, padding: valid, filter: 1", "cacapcacapcacapppfd"),
      // 64 - 4 = 60, 30 - 4 = 26, 13 - 4 = 9, 4, 2, 1.
      ("preset: myrtle-7, padding: valid, image_size: 64", "cacapcacapcacapppfd"),
    ])
  func stages(network: String, expected: String) throws {
    #expect(try initials("{\(network)}") == expected)
  }

  @Test("every layer has the job's parameters, and every pool is 2 x 2 without overlap")
  func parameters() throws {
    let layers = try readNetwork(
      "{preset: myrtle-5, activation: {erf: {scale: 2}}, weight_variance: 1.5, "
        + "bias_variance: 0.1, padding: circular, filter: [3, 5], trained: hidden}"
    ).variants[0].layers
    let c = convolution(1.5, 0.1, filter: [3, 5], padding: "circular")
    let pool = LayerDescription(
      "average_pool",
      [
        .init("window", .numbers([2, 2])), .init("stride", .numbers([2, 2])),
        .init("padding", .word("valid")),
      ])
    let erf = LayerDescription("erf", [.init("scale", .number(2))])
    #expect(
      layers == [
        untrained(c), erf, c, erf, pool, c, erf, pool, c, erf, pool, pool, pool,
        LayerDescription("flatten"), untrained(dense(1.5, 0.1)),
      ])
  }

  @Test("variances make variants")
  func variants() throws {
    let network = try readNetwork("{preset: myrtle-10, weight_variances: [1.76, 2]}")
    #expect(network.variants.map(\.name) == ["weight_variance=1.76", "weight_variance=2"])
  }

  static let cases = [
    ("myrtle5_r8", "{preset: myrtle-5, image_size: 8}"),
    ("myrtle10_r8", "{preset: myrtle-10, image_size: 8}"),
    ("myrtle10_zca_r16_n12", "{preset: myrtle-10, image_size: 16}"),
    ("myrtle10_r32_n4", "{preset: myrtle-10}"),
  ]

  @Test(
    "the conformance networks are presets",
    .enabled(
      if: !NetworkSectionTests.cases.isEmpty,
      "the conformance cases are not beside the repository"), arguments: cases)
  func conformance(name: String, preset: String) throws {
    let file = try #require(
      NetworkSectionTests.cases.first { $0.lastPathComponent == "\(name).json" })
    let root = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    let network = try JSONSerialization.data(
      withJSONObject: ["network": try #require(root["network"])], options: .sortedKeys)
    let written = try JobFile(yaml: String(decoding: network, as: UTF8.self)).network()
    // The cases say `normalize_edges: false`, which is what a pool without it means.
    var layers = written.variants[0].layers.map(sorted)
    for index in layers.indices {
      layers[index].parameters.removeAll { $0 == .init("normalize_edges", .flag(false)) }
    }
    #expect(try readNetwork(preset).variants[0].layers.map(sorted) == layers)
  }
}
