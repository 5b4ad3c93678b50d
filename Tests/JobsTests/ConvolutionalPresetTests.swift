import Jobs
import RecursionCore
import Testing

/// A convolution of stride 1 as files describe it.
func convolution(
  _ weightVariance: Double, _ biasVariance: Double, filter: [Double] = [3, 3],
  padding: String = "same"
) -> LayerDescription {
  LayerDescription(
    "convolution",
    [
      .init("filter", .numbers(filter)), .init("stride", .numbers([1, 1])),
      .init("padding", .word(padding)), .init("weight_variance", .number(weightVariance)),
      .init("bias_variance", .number(biasVariance)),
    ])
}

/// The layer with `trained: false`.
func untrained(_ layer: LayerDescription) -> LayerDescription {
  LayerDescription(layer.name, layer.parameters + [.init("trained", .flag(false))])
}

@Suite struct ConvolutionalPresetTests {
  private let relu = LayerDescription("relu")

  @Test(
    "the depth is the number of (convolution, activation) pairs before the readout",
    arguments: ["cnn-flatten": "flatten", "cnn-gap": "global_average_pool"], [0, 1, 4])
  func depth(preset: (key: String, value: String), depth: Int) throws {
    let network = try readNetwork(
      "{preset: \(preset.key), depth: \(depth), weight_variance: 1.5, bias_variance: 0.1}")
    let pairs = Array(repeating: [convolution(1.5, 0.1), relu], count: depth).joined()
    #expect(network.variants.map(\.name) == [""])
    #expect(
      network.variants[0].layers == pairs + [LayerDescription(preset.value), dense(1.5, 0.1)])
  }

  @Test("depths and variances vary together, the depth slowest")
  func products() throws {
    let network = try readNetwork(
      "{preset: cnn-gap, depths: [2, 10], weight_variances: [1.76, 2], bias_variance: 0.18}")
    #expect(
      network.variants.map(\.name) == [
        "depth=2,weight_variance=1.76", "depth=2,weight_variance=2",
        "depth=10,weight_variance=1.76", "depth=10,weight_variance=2",
      ])
    #expect(network.variants.map(\.layers.count) == [6, 6, 22, 22])
    #expect(network.variants[2].layers.first == convolution(1.76, 0.18))
    #expect(network.variants[3].layers.last == dense(2, 0.18))
  }

  @Test(
    "padding and filter are those of every convolution",
    arguments: [
      ("padding: valid", [3.0, 3], "valid"), ("padding: circular, filter: 5", [5, 5], "circular"),
      ("filter: [1, 7]", [1, 7], "same"), ("filter: 1", [1, 1], "same"),
    ])
  func convolutions(parameters: String, filter: [Double], padding: String) throws {
    let expected = convolution(2, 0, filter: filter, padding: padding)
    for start in ["preset: cnn-gap, depth: 3", "preset: cnn-flatten, depth: 3"] {
      let layers = try readNetwork("{\(start), \(parameters)}").variants[0].layers
      #expect(layers.filter { $0.name == "convolution" } == [expected, expected, expected])
    }
  }

  @Test("hidden leaves the first and the last affine layer untrained")
  func hidden() throws {
    let fcn = try readNetwork("{preset: fcn, depth: 3, trained: hidden}").variants[0].layers
    let d = dense(2, 0)
    #expect(
      fcn == [LayerDescription("flatten"), untrained(d), relu, d, relu, d, relu, untrained(d)])
    let cnn = try readNetwork("{preset: cnn-gap, depths: [2, 3], trained: hidden}").variants
    let c = convolution(2, 0)
    let readout = [LayerDescription("global_average_pool"), untrained(d)]
    #expect(cnn[0].layers == [untrained(c), relu, c, relu] + readout)
    #expect(cnn[1].layers == [untrained(c), relu, c, relu, c, relu] + readout)
  }

  @Test(
    "all is what a preset without `trained` means",
    arguments: [
      "preset: fcn, depth: 2", "preset: cnn-flatten, depths: [0, 1]", "preset: myrtle-7",
    ])
  func all(start: String) throws {
    #expect(try readNetwork("{\(start), trained: all}") == readNetwork("{\(start)}"))
  }

  @Test("every variant is printed as a document of its own, folded")
  func expansion() throws {
    let network = try readNetwork(
      "{preset: cnn-gap, depths: [1, 10], activation: {erf: {scale: 2}}, bias_variance: 0.05}")
    #expect(
      network.expandedYAML() == """
        # depth=1
        network:
          - convolution:
              filter: [3, 3]
              stride: [1, 1]
              padding: same
              weight_variance: 2
              bias_variance: 0.05
          - erf: {scale: 2}
          - global_average_pool
          - dense: {weight_variance: 2, bias_variance: 0.05}
        ---
        # depth=10
        network:
          - repeat:
              count: 10
              layers:
                - convolution:
                    filter: [3, 3]
                    stride: [1, 1]
                    padding: same
                    weight_variance: 2
                    bias_variance: 0.05
                - erf: {scale: 2}
          - global_average_pool
          - dense: {weight_variance: 2, bias_variance: 0.05}

        """)
    #expect(
      network.variants[1].canonicalText
        == "10 x {convolution(bias_variance=0.05, filter=[3.0, 3.0], padding=same, "
        + "stride=[1.0, 1.0], weight_variance=2.0); erf(scale=2.0)}; global_average_pool; "
        + "dense(bias_variance=0.05, weight_variance=2.0)")
  }

  @Test(
    "a preset and the list that it expands to have one canonical text, and it reads back",
    arguments: [
      "{preset: cnn-gap, depths: [0, 1, 2, 3, 10, 21]}",
      "{preset: cnn-gap, depths: [2, 20], trained: hidden, filter: 5, padding: circular}",
      "{preset: cnn-flatten, depths: [2, 20], trained: hidden, weight_variances: [1.76, 2]}",
      "{preset: fcn, depths: [2, 3, 4, 9], trained: hidden}",
      "{preset: myrtle-5, bias_variances: [0, 0.1]}", "{preset: myrtle-7, trained: hidden}",
      "{preset: myrtle-10, activation: erf, image_size: 64}",
    ])
  func canonical(preset: String) throws {
    let network = try readNetwork(preset)
    var texts: Set<String> = []
    for variant in network.variants {
      let again = try JobFile(yaml: variant.yaml()).network().variants[0]
      #expect(unrolled(again.layers) == variant.layers)
      #expect(again.canonicalText == variant.canonicalText)
      #expect(try unrolled(parsed(variant.canonicalText)) == variant.layers.map(sorted))
      texts.insert(variant.canonicalText)
    }
    #expect(texts.count == network.variants.count)
    let job = try readJob("{data: {synthetic: {}}, network: \(preset), output: o}")
    #expect(try readJob(job.resolvedYAML()) == job)
  }
}
