import RecursionCore
import Testing

/// Several networks in one pass.
@Suite struct ProgramTests {
  func kernels(_ program: Program, _ precision: Precision) throws -> [[Double]] {
    let recursion = TileRecursion(program, precision: precision)
    let variances = (0..<70).map { 0.5 + Double($0) / 50 }
    let edge = try recursion.edge(variances: variances)
    let n = variances.count
    var covariance = [Double](repeating: 0, count: n * n)
    var deficit = covariance
    for i in 0..<n {
      for j in 0..<n {
        let u = Double((i * 37 + j * 101) % 199) / 100
        let scale = (variances[i] * variances[j]).squareRoot()
        covariance[i * n + j] = scale * (1 - u)
        deficit[i * n + j] = scale * u
      }
    }
    let results = UnsafeMutablePointer<Double>.allocate(capacity: 2 * program.networkCount * n * n)
    defer { results.deallocate() }
    let outputs = (0..<program.networkCount).map {
      KernelOutput(nngp: results + 2 * $0 * n * n, ntk: results + (2 * $0 + 1) * n * n, stride: n)
    }
    covariance.withUnsafeBufferPointer { covariance in
      deficit.withUnsafeBufferPointer { deficit in
        guard let covariance = covariance.baseAddress, let deficit = deficit.baseAddress else {
          return
        }
        recursion.evaluate(
          InputCovariances(covariance: covariance, deficit: deficit, stride: n), rows: edge,
          rowRange: 0..<n, columns: edge, lowerTriangle: false, outputs: outputs)
      }
    }
    return (0..<program.networkCount).map {
      Array(UnsafeBufferPointer(start: results + 2 * $0 * n * n, count: 2 * n * n))
    }
  }

  static let relu = LayerDescription("relu")
  static let erf = LayerDescription("erf", [.init("shift", .number(0.2))])

  @Test("networks that share a beginning give what each gives alone", arguments: Precision.allCases)
  func shared(_ precision: Precision) throws {
    let networks = try [
      fullyConnected(Self.relu, depth: 1, w: 2, b: 0.1),
      fullyConnected(Self.relu, depth: 3, w: 2, b: 0.1),
      fullyConnected(Self.relu, depth: 10, w: 2, b: 0.1),
      fullyConnected(Self.erf, depth: 2, w: 2, b: 0.1),
      fullyConnected(Self.erf, depth: 4, w: 1.5, b: 0.1),
      [LayerDescription("flatten"), dense(2, 0.1), Self.relu],
      fullyConnected(Self.relu, depth: 3, w: 2, b: 0.1),
    ].map { try Network($0, imageShape: [4]) }
    let together = try kernels(Program(networks), precision)
    for (network, result) in zip(networks, together) {
      let alone = try kernels(Program([network]), precision)[0]
      #expect(alone == result)
    }
  }

  @Test("the depths of one network cost as many steps as the deepest")
  func costOfDepths() throws {
    let networks = try [1, 3, 10, 30].map {
      try Network(fullyConnected(Self.relu, depth: $0, w: 2, b: 0.1), imageShape: [4])
    }
    #expect(Program(networks).stepCount == Program([networks[3]]).stepCount)
    #expect(Program(networks).stepCount == 31)
  }

  @Test("the diagonal is the textbook's")
  func diagonal() throws {
    let layers = fullyConnected(Self.erf, depth: 5, w: 1.7, b: 0.2)
    let flat = layers.flatMap { layer -> [LayerDescription] in
      guard layer.name == "repeat" else { return [layer] }
      return (0..<5).flatMap { _ in [dense(1.7, 0.2), Self.erf] }
    }
    let program = Program([try Network(layers, imageShape: [4])])
    for q in [0.3, 1, 2.5] {
      let state = program.diagonal(variance: q)[0]
      let expected = TextbookRecursion.run(flat, q1: q, q2: q, k: q)
      #expect(relativeError(state.variance, expected.k[0]) < 1e-14)
      #expect(relativeError(state.tangent, expected.theta[0]) < 1e-14)
    }
  }

  @Test("a network 20,000 layers deep runs")
  func veryDeep() throws {
    let layers = fullyConnected(Self.relu, depth: 20_000, w: 2, b: 0)
    let values = try onePair(layers, .f64, q1: 1, q2: 1, u: 0.5)
    // 1 - c -> 9 pi^2 / (2 l^2) (1 + O(log l / l)) for a ReLU network at criticality.
    #expect(abs(values[2] / (4.5 * Double.pi * Double.pi / 4e8) / 2 - 1) < 5e-3)
  }

  @Test("a variance out of range is an error that names the remedy")
  func range() throws {
    let layers = fullyConnected(Self.relu, depth: 300, w: 3, b: 0)
    #expect(throws: RangeError.self) { try onePair(layers, .f32, q1: 1, q2: 1, u: 0.5) }
    do {
      _ = try onePair(layers, .f32, q1: 1, q2: 1, u: 0.5)
    } catch let error as RangeError {
      #expect(error.description.contains("use precision f64"))
    }
    _ = try onePair(layers, .f64, q1: 1, q2: 1, u: 0.5)
  }
}
