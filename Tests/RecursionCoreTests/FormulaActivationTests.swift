import Formulas
import RecursionCore
import Testing

/// Activations given as formulas: against closed forms, and what does not depend on other images.
@Suite struct FormulaActivationTests {
  static func elementwise(_ formula: String) -> LayerDescription {
    LayerDescription("elementwise", [.init("formula", .word(formula))])
  }

  static let pairs = [
    (1.0, 1.0, 0.4), (1, 1, 1e-9), (1, 1, 1.7), (0.3, 2.4, 0.6), (0.3, 9, 0.2), (2, 2.01, 1e-6),
    (1e-3, 0.9, 1.2), (1, 1, 0.0), (5, 4.9, 1.99),
  ]

  @Test(
    "formulas agree with closed forms",
    arguments: [
      ("0.5 * x * (1 + erf(x / sqrt(2)))", "gelu"), ("erf(x)", "erf"), ("sin(x)", "sin"),
      ("cos(x)", "cos"),
    ])
  func closedForms(_ formula: String, _ name: String) throws {
    for (q1, q2, u) in Self.pairs {
      let given = try onePair(
        fullyConnected(Self.elementwise(formula), depth: 3, w: 1.5, b: 0.1), .f64, q1: q1, q2: q2,
        u: u)
      let known = try onePair(
        fullyConnected(LayerDescription(name), depth: 3, w: 1.5, b: 0.1), .f64, q1: q1, q2: q2, u: u
      )
      // Relative to the largest that they could be, as the tables are.
      for index in 0..<2 {
        #expect(
          abs(given[index] - known[index]) < 1e-12 * (abs(known[index]) + known[index + 2]),
          "\(name) \(q1) \(q2) \(u) \(index)")
      }
      // Deficits keep their digits; different variances enter by their difference.
      for index in 2..<4 {
        let allowed = q1 == q2 ? 1e-11 : 1e-11 + 1e-14 * abs(known[index - 2] / known[index])
        #expect(
          relativeError(given[index], known[index]) < allowed, "\(name) \(q1) \(q2) \(u) \(index)")
      }
    }
  }

  @Test(
    "small and large variances agree with the closed form", arguments: [1e-3, 0.6, 1.4],
    [("erf(x)", "erf"), ("sin(x)", "sin"), ("0.5 * x * (1 + erf(x / sqrt(2)))", "gelu")])
  func beyondTables(_ u: Double, _ names: (formula: String, closed: String)) throws {
    for (q1, q2) in [(1e-4, 2e-4), (1e-4, 1e-4), (1e-4, 100.0), (80, 90), (140, 140)] {
      let layers = [Self.elementwise(names.formula), LayerDescription(names.closed)]
      let values = try layers.map {
        try onePair(fullyConnected($0, depth: 1, w: 1, b: 0), .f64, q1: q1, q2: q2, u: u)
      }
      for index in 0..<2 {
        #expect(
          abs(values[0][index] - values[1][index])
            < 1e-12 * (abs(values[1][index]) + values[1][index + 2]),
          "\(names) \(q1) \(q2) \(index)")
      }
    }
  }

  @Test(
    "large variances within the tables agree with the closed form",
    arguments: [1e-6, 1e-2, 0.6, 1.4, 1.99],
    [("erf(x)", "erf"), ("0.5 * x * (1 + erf(x / sqrt(2)))", "gelu")])
  func largeVariances(_ u: Double, _ names: (formula: String, closed: String)) throws {
    let layers = [Self.elementwise(names.formula), LayerDescription(names.closed)]
    for (q1, q2) in [(20.0, 30.0), (40, 60), (10, 60), (50, 50), (63, 0.02)] {
      for (precision, tolerance) in [(Precision.f64, 1e-12), (.f32, 3e-6)] {
        let values = try layers.map {
          try onePair(fullyConnected($0, depth: 1, w: 1, b: 0), precision, q1: q1, q2: q2, u: u)
        }
        for index in 0..<2 {
          #expect(
            abs(values[0][index] - values[1][index])
              < tolerance * (abs(values[1][index]) + values[1][index + 2]),
            "\(names) \(precision) \(q1) \(q2) \(index)")
        }
      }
    }
  }

  @Test("a formula with breaks agrees with the closed form")
  func breaks() throws {
    for (q1, q2, u) in Self.pairs {
      let given = try onePair(
        fullyConnected(Self.elementwise("max(x, 0)"), depth: 1, w: 1.5, b: 0.1), .f64, q1: q1,
        q2: q2, u: u)
      let known = try onePair(
        fullyConnected(LayerDescription("relu"), depth: 1, w: 1.5, b: 0.1), .f64, q1: q1, q2: q2,
        u: u)
      for index in 0..<2 {
        #expect(
          abs(given[index] - known[index]) < 1e-12 * (known[index] + known[index + 2]),
          "\(q1) \(q2) \(u) \(index)")
      }
    }
  }

  /// Of the sine, the coefficients of a pixel change quickly with its variance.
  @Test(
    "convolutional networks with a formula agree with the closed form", arguments: [0, 1],
    [
      ("0.5 * x * (1 + erf(x / sqrt(2)))", LayerDescription("gelu")),
      ("sin(4 * x)", LayerDescription("sin", [.init("frequency", .number(4))])),
    ])
  func pixels(_ readout: Int, _ names: (formula: String, closed: LayerDescription)) throws {
    let affine: [LayerDescription.Parameter] = [
      .init("weight_variance", .number(1.5)), .init("bias_variance", .number(0.1)),
    ]
    func network(_ activation: LayerDescription) -> [LayerDescription] {
      let block = [
        LayerDescription("convolution", [.init("filter", .numbers([3, 3]))] + affine), activation,
      ]
      return block + block
        + [LayerDescription(readout == 0 ? "flatten" : "global_average_pool")]
        + [LayerDescription("dense", affine)]
    }
    var random = SplitMix64(seed: 7)
    let images = (0..<5).map { _ in
      PlainImage(
        height: 4, width: 4, channels: 3,
        values: (0..<48).map { _ in random.uniform(-1, 1) })
    }
    let formula = network(Self.elementwise(names.formula))
    for (precision, tolerance) in [(Precision.f64, 1e-12), (.f32, 2e-6)] {
      let given = try FastKernels([formula], images, nil, precision)
      let known = try FastKernels([network(names.closed)], images, nil, precision)
      for i in images.indices {
        for j in 0...i {
          for (given, known) in [(given.nngp[0], known.nngp[0]), (given.ntk[0], known.ntk[0])] {
            let scale = (known[i][i] * known[j][j]).squareRoot()
            #expect(abs(given[i][j] - known[i][j]) < tolerance * scale)
          }
        }
      }
    }
  }

  @Test(
    "a pair has the same bits beside any others", arguments: Precision.allCases,
    [LayerDescription("tanh"), LayerDescription("elu"), elementwise("sign(x) + x")])
  func neighbours(_ precision: Precision, _ activation: LayerDescription) throws {
    let layers = fullyConnected(activation, depth: 3, w: 1.5, b: 0.1)
    let program = Program([try Network(layers, imageShape: [1])])
    let recursion = TileRecursion(program, precision: precision)
    // Equal variances, close ones, far ones, and black.
    let variances =
      [1, 1, 1.0001, 1.3, 0.2, 6, 1, 0, 0.01, 1] + [Double](repeating: 1, count: 90)
    func distance(_ i: Int, _ j: Int) -> Double {
      let number = i * 7 + j * 11 + (i * j) % 5
      return Double(number % 19) / 10
    }
    let edge = try recursion.edge(variances: variances)
    let n = variances.count
    var (covariance, deficit) = ([Double](), [Double]())
    for i in 0..<n {
      for j in 0..<n {
        let u = distance(i, j)
        let scale = (variances[i] * variances[j]).squareRoot()
        covariance.append(scale * (1 - u))
        deficit.append(scale * u)
      }
    }
    var kernels = [Double](repeating: 0, count: 2 * n * n)
    kernels.withUnsafeMutableBufferPointer { kernels in
      guard let base = kernels.baseAddress else { return }
      let output = KernelOutput(nngp: base, ntk: base + n * n, stride: n)
      covariance.withUnsafeBufferPointer { covariance in
        deficit.withUnsafeBufferPointer { deficit in
          guard let first = covariance.baseAddress, let second = deficit.baseAddress else { return }
          recursion.evaluate(
            InputCovariances(covariance: first, deficit: second, stride: n), rows: edge,
            rowRange: 0..<n, columns: edge, lowerTriangle: false, outputs: [output])
        }
      }
    }
    for i in 0..<12 {
      for j in 0..<12 {
        let alone = try onePair(
          layers, precision, q1: variances[i], q2: variances[j],
          u: distance(i, j))
        let place = i * n + j
        #expect(alone[0] == kernels[place], "\(i) \(j)")
        #expect(alone[1] == kernels[n * n + place], "\(i) \(j)")
      }
    }
  }

  @Test("what is wrong with a formula is said with the layer's place")
  func errors() throws {
    for (formula, words) in [
      ("x * foo(x)", "layer 2 (elementwise): the formula at character 5: unknown name 'foo'"),
      ("exp(x ** 2)", "layer 2 (elementwise): the formula: it grows like exp"),
    ] {
      let error = #expect(throws: NetworkError.self) {
        try Network([dense(1, 0), Self.elementwise(formula)], imageShape: [4])
      }
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
    #expect(throws: NetworkError.self) {
      try Network([dense(1, 0), LayerDescription("elementwise")], imageShape: [4])
    }
  }
}
