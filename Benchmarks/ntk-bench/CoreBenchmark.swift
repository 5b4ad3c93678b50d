import RecursionCore

/// The recursion core on one core: NNGP and NTK together, per pair of images and layer (an
/// activation and the dense layer after it), with the vector peak measured in the same run. Images
/// have variances from 0.5 to 1.5. In cases called `unit` they have 1, so the tables of activations
/// without a closed form are polynomials of one variable.
enum CoreBenchmark {
  /// Floating-point operations per pair and layer. A fused multiply-add counts as two, a division
  /// or root as one; counted in the source of the activation, `ActivationStep` and `AffineStep`.
  private static func operations(_ activation: String, _ precision: Precision) -> Double? {
    switch (activation, precision) {
    case ("erf", .f64): return 123
    case ("erf", .f32): return 111
    case ("relu", .f64), ("leaky_relu", .f64), ("abs", .f64): return 83
    case ("relu", .f32), ("leaky_relu", .f32), ("abs", .f32): return 62
    default: return nil
    }
  }

  static func run(only: String) throws {
    for precision in Precision.allCases {
      let peak = VectorPeak.operationsPerSecond(precision)
      NTKBench.report([
        "case": "vector-peak", "precision": precision.rawValue, "gflops": peak * 1e-9,
      ])
      for activation in ["relu", "leaky_relu", "abs", "erf", "tanh", "swish", "elu"] {
        for depth in [3, 30, 100] {
          try report(activation, depth, precision, isUnit: false, peak, only)
          if operations(activation, precision) == nil {
            try report(activation, depth, precision, isUnit: true, peak, only)
          }
        }
      }
    }
  }

  private static func report(
    _ activation: String, _ depth: Int, _ precision: Precision, isUnit: Bool, _ peak: Double,
    _ only: String
  ) throws {
    let name = "fcn-\(depth)-\(activation)\(isUnit ? "-unit" : "")"
    guard only.isEmpty || name.contains(only) else { return }
    let seconds = try secondsPerPair(activation, depth, precision, isUnit: isUnit)
    let perLayer = seconds / Double(depth)
    NTKBench.report([
      "case": name,
      "precision": precision.rawValue,
      "ns_per_entry": seconds * 1e9, "ns_per_entry_and_layer": perLayer * 1e9,
      "entries_per_s": 1 / seconds,
      "fraction_of_peak": operations(activation, precision).map { $0 / perLayer / peak } ?? .nan,
    ])
  }

  private static func secondsPerPair(
    _ activation: String, _ depth: Int, _ precision: Precision, isUnit: Bool
  ) throws -> Double {
    let n = 512
    let program = Program([try Networks.fullyConnected(activation, depth: depth, features: 1)])
    let recursion = TileRecursion(program, precision: precision)
    let variances = (0..<n).map { isUnit ? 1 : 0.5 + Double($0) / Double(n) }
    let edge = try recursion.edge(variances: variances)
    var covariance = [Double](repeating: 0, count: n * n)
    var deficit = covariance
    for i in 0..<n {
      for j in 0..<n {
        let scale = (variances[i] * variances[j]).squareRoot()
        let u = 0.001 + Double((i * 7919 + j * 104_729) % 1999) / 1000
        covariance[i * n + j] = scale * (1 - u)
        deficit[i * n + j] = scale * u
      }
    }
    let kernels = UnsafeMutablePointer<Double>.allocate(capacity: 2 * n * n)
    defer { kernels.deallocate() }
    let output = KernelOutput(nngp: kernels, ntk: kernels + n * n, stride: n)
    let seconds = covariance.withUnsafeBufferPointer { covariance in
      deficit.withUnsafeBufferPointer { deficit in
        guard let covariance = covariance.baseAddress, let deficit = deficit.baseAddress else {
          return Double.nan
        }
        let input = InputCovariances(covariance: covariance, deficit: deficit, stride: n)
        return NTKBench.best(of: max(5, 300 / depth)) {
          recursion.evaluate(
            input, rows: edge, rowRange: 0..<n, columns: edge, lowerTriangle: false,
            outputs: [output])
        }
      }
    }
    return seconds / Double(n * n)
  }
}
