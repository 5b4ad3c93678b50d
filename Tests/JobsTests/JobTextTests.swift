import Jobs
import RecursionCore
import Testing

@Suite struct JobTextTests {
  @Test("a resolved job spells out every default, in a stable text")
  func resolvedText() throws {
    let job = try readJob(
      """
      output: runs/x
      network: {depth: 3, preset: fcn, bias_variance: 0.05}
      data: {synthetic: {}}
      prediction: {regularization: [0, 1e-6, 0.01]}
      """)
    #expect(
      job.resolvedYAML() == """
        data:
          synthetic: {seed: 1, train: 2000, test: 500}
          train: all
          test: all
          reduce: 1
          preprocessing: standardize
        network:
          preset: fcn
          depth: 3
          activation: relu
          weight_variance: 2
          bias_variance: 0.05
          trained: all
        kernels: [nngp, ntk]
        precision: f64
        storage: f64
        prediction:
          regularization: [0, 1.0e-06, 0.01]
          regularization_scale: relative
          validation: 0
          variance: false
          leave_one_out: false
          solver: auto
        output: runs/x

        """)
  }

  @Test(
    "a resolved job reads back as an equal job with the same text",
    arguments: [
      "{data: {cifar10: c}, network: [flatten, dense], output: o}",
      """
      data:
        cifar10: 'a: b #c'
        train: {count: 100, seed: 18446744073709551615, balanced: true}
        test: 7
        preprocessing: zca
      network:
        - convolution:
            {filter: [3, 3], stride: [1, 1], padding: same, weight_variance: 2, bias_variance: 0.05}
        - repeat:
            count: 9
            layers:
              - convolution: {filter: [3, 3], weight_variance: 0.1, bias_variance: 1e-300}
              - relu
              - residual: {main: [relu, dense], shortcut: []}
        - concatenate: {branches: [[relu], [], [{dense: {width: 123456789012345678}}]]}
        - quadrature: {function: "true", nodes: "25", other: "", x: false, y: "a\\tb\\"c\\u0001"}
      kernels: [ntk]
      precision: f32
      storage: f32
      tile: 512
      spectrum: {vectors: all}
      prediction:
        regularization: [0, 1e-16, 0.3, 1e22, 123456.789]
        validation: 10
        regularization_scale: absolute
        target_offset: 0.1
        variance: true
        leave_one_out: true
      training:
        times: [0, 1, 1e3, infinity]
        learning_rate: 0.3
        momentum: 0
        dynamics: steps
        regularization: 1e-4
        target_offset: 0.5
        initial: {train: "1e5", test: b}
        tolerance: 1e-3
      alignment: {targets: [1, 7], regularization: 0, dimensions: [], target_offset: 0}
      output: "~"
      """,
      """
      data:
        arrays: {train: a, test: "null", train_labels: "1e5", test_labels: "é\\u2028ü🎉"}
        train: {count: 3, seed: 0}
        reduce: 4
        preprocessing: {zca: {regularization: 0.3333333333333333}}
      network:
        preset: fcn
        depths: [1, 10]
        activation: {erf: {scale: 2, shift: -0.0}}
        weight_variances: [0.5, 1.76]
        bias_variances: [0]
      spectrum: {vectors: 3, solver: band, precision: f32, checkpoint: 30.5, centred: true}
      training: {times: [.inf]}
      output: -x/yes
      """,
      """
      data: {synthetic: {}}
      network: {preset: cnn-gap, depths: [2, 3], filter: [1, 5], padding: valid, trained: hidden}
      output: o
      """,
      "{data: {synthetic: {}}, network: {preset: myrtle-10, image_size: 64, filter: 5}, output: o}",
      "{data: {cifar10: No, preprocessing: none}, network: {preset: fcn, depth: 0}, output: 0.10}",
      """
      data: {synthetic: {test: 3}, preprocessing: unit_norm}
      network: [{a b: {'c: d': 1}}, 'x: y']
      output: '[a]'
      """,
    ])
  func roundTrip(yaml: String) throws {
    let job = try readJob(yaml)
    let text = job.resolvedYAML()
    let again = try readJob(text)
    #expect(again == job, "\(text)")
    #expect(again.resolvedYAML() == text)
    for line in text.split(separator: "\n") where line.count > 100 {
      Issue.record("a line of \(line.count) columns: \(line)")
    }
  }

  @Test("the expansion of presets is printed with repeated groups folded")
  func expansion() throws {
    let network = try readNetwork("{preset: fcn, depths: [0, 2, 30], bias_variance: 0.05}")
    #expect(
      network.expandedYAML() == """
        # depth=0
        network:
          - flatten
          - dense: {weight_variance: 2, bias_variance: 0.05}
        ---
        # depth=2
        network:
          - flatten
          - repeat: {count: 2, layers: [{dense: {weight_variance: 2, bias_variance: 0.05}}, relu]}
          - dense: {weight_variance: 2, bias_variance: 0.05}
        ---
        # depth=30
        network:
          - flatten
          - repeat: {count: 30, layers: [{dense: {weight_variance: 2, bias_variance: 0.05}}, relu]}
          - dense: {weight_variance: 2, bias_variance: 0.05}

        """)
  }

  @Test("groups within groups are folded, and what fits on a line stays on it")
  func nestedFolding() throws {
    let convolution = "{convolution: {filter: [3, 3], weight_variance: 1.0009765625}}"
    let stage = "\(convolution), relu, \(convolution), relu, average_pool"
    let network = try readNetwork("[\(stage), \(stage), \(stage), relu, relu, flatten]")
    #expect(
      network.expandedYAML() == """
        network:
          - repeat:
              count: 3
              layers:
                - repeat:
                    count: 2
                    layers: [{convolution: {filter: [3, 3], weight_variance: 1.0009765625}}, relu]
                - average_pool
          - relu
          - relu
          - flatten

        """)
  }
}
