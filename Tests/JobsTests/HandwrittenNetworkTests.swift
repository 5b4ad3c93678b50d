import Jobs
import RecursionCore
import Testing

@Suite struct HandwrittenNetworkTests {
  /// A network with a parameter of every kind, and lists of layers within lists of layers.
  static let yaml = """
    - convolution:
        {filter: [3, 3], stride: [2, 1], padding: circular, weight_variance: 1.76,
         bias_variance: 1e-7, trained: false}
    - relu
    - repeat:
        count: 3
        layers:
          - residual:
              main:
                - convolution: {filter: 3, padding: same, weight_variance: 2}
                - repeat:
                    count: 2
                    layers:
                      - erf: {amplitude: -1.5, scale: 0.1, shift: 0}
                      - convolution: {filter: [3, 1], weight_variance: 0.1, trained: true}
                - residual: {main: [gelu, dense], shortcut: []}
              shortcut:
                - concatenate:
                    branches: [[relu, {dense: {width: 4}}], [], [{residual: {main: [abs]}}]]
                - average_pool: {window: [2, 2], normalize_edges: true, padding: valid}
          - layer_norm: {axes: channel, epsilon: 1e-300}
    - quadrature: {function: tanh, nodes: 123456789}
    - polynomial: {coefficients: []}
    - quadrature: {function: "true", x: "5", y: "a; b(c=d)", z: "", "odd name": "a \\" b \\\\ c"}
    - global_average_pool
    - dense: {weight_variance: 1, bias_variance: 0, parameterization: standard, width: 512}
    """

  private func network() throws -> NetworkSection {
    try JobFile(yaml: "network:\n" + Self.yaml).network()
  }

  @Test("a network with a parameter of every kind is printed so that it reads back")
  func printed() throws {
    let network = try network()
    let again = try JobFile(yaml: network.expandedYAML()).network()
    #expect(unrolled(again.variants[0].layers) == unrolled(network.variants[0].layers))
    #expect(again.expandedYAML() == network.expandedYAML())
    #expect(again.variants[0].canonicalText == network.variants[0].canonicalText)
    for line in network.expandedYAML().split(separator: "\n") where line.count > 100 {
      Issue.record("a line of \(line.count) columns: \(line)")
    }
  }

  @Test("its canonical text is one line that holds all of it")
  func canonical() throws {
    let variant = try network().variants[0]
    #expect(!variant.canonicalText.contains("\n"))
    let layers = unrolled(try parsed(variant.canonicalText))
    #expect(layers == unrolled(variant.layers).map(sorted))
    // And a network of those layers has the same text.
    #expect(Variant(name: "", layers: layers).canonicalText == variant.canonicalText)
  }

  @Test("its text keeps what was written, and a job with it reads back as resolved")
  func resolved() throws {
    let indented = Self.yaml.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    let job = try readJob("data: {synthetic: {}}\noutput: o\nnetwork:\n" + indented)
    let again = try readJob(job.resolvedYAML())
    #expect(again == job)
    #expect(again.variants[0].layers == (try network().variants[0].layers))
  }

  @Test("layers within layers are folded as those outside are")
  func nestedFolding() throws {
    let pair = "{convolution: {filter: [3, 3]}}, relu"
    let long = try readNetwork(
      "[{residual: {main: [\(pair), \(pair), \(pair)], shortcut: []}}, global_average_pool]")
    let short = try readNetwork(
      "[{residual: {shortcut: [], main: [{repeat: {count: 3, layers: [\(pair)]}}]}}, "
        + "global_average_pool]")
    #expect(long.variants[0].canonicalText == short.variants[0].canonicalText)
    #expect(
      long.expandedYAML() == """
        network:
          - residual:
              main: [{repeat: {count: 3, layers: [{convolution: {filter: [3, 3]}}, relu]}}]
              shortcut: []
          - global_average_pool

        """)
  }
}
