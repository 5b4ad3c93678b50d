import RecursionCore

/// Convolutional kernels on one core: NNGP and NTK together, per pair of pixels and layer (a 3 x 3
/// convolution and the activation after it), with the vector peak measured in the same run.
enum PixelBenchmark {
  /// Floating-point operations per pair of pixels and layer. A fused multiply-add counts as two, a
  /// division or root as one; counted in the source of the passes, the vertical sums and the
  /// activation.
  private static func operations(_ activation: String, _ precision: Precision) -> Double {
    switch (activation, precision) {
    case ("erf", .f64): return 125
    case ("erf", .f32): return 113
    case ("swish", _), ("elu", _): return .nan
    case (_, .f64): return 80
    case (_, .f32): return 58
    }
  }

  private struct Case {
    let name: String
    let activation: String
    let layers: [LayerDescription]
    /// Images along each edge of the block.
    let images: Int
  }

  private static var cases: [Case] {
    var cases: [Case] = []
    for activation in ["relu", "leaky_relu", "abs", "erf", "swish", "elu"] {
      cases.append(
        Case(
          name: "cnn-flatten-10-\(activation)", activation: activation,
          layers: Networks.convolutional(activation, depth: 10) + [Networks.flatten], images: 32))
      cases.append(
        Case(
          name: "cnn-gap-10-\(activation)", activation: activation,
          layers: Networks.convolutional(activation, depth: 10) + [Networks.globalPool], images: 2))
    }
    cases.append(
      Case(
        name: "cnn-flatten-10-relu-stride", activation: "relu",
        layers: Networks.convolutional("relu", depth: 5, stride: 1)
          + Networks.convolutional("relu", depth: 1, stride: 2)
          + Networks.convolutional("relu", depth: 4) + [Networks.flatten], images: 32))
    cases.append(
      Case(
        name: "cnn-gap-10-relu-stride", activation: "relu",
        layers: Networks.convolutional("relu", depth: 5, stride: 1)
          + Networks.convolutional("relu", depth: 1, stride: 2)
          + Networks.convolutional("relu", depth: 4) + [Networks.globalPool], images: 2))
    for counts in [[2, 1, 1], [3, 3, 3]] {
      cases.append(
        Case(
          name: "myrtle-\(counts.reduce(1, +))", activation: "relu",
          layers: Networks.myrtle(counts), images: 2))
    }
    return cases
  }

  static func run(only: String) throws {
    for precision in Precision.allCases {
      let peak = VectorPeak.operationsPerSecond(precision)
      NTKBench.report([
        "case": "vector-peak", "precision": precision.rawValue, "gflops": peak * 1e-9,
      ])
      for one in cases where only.isEmpty || "\(one.name)-\(precision)".contains(only) {
        let network = try Network(one.layers, imageShape: [32, 32, 3])
        let program = Program([network])
        let (edge, block) = try seconds(program, one.images, precision)
        let pairs = Double(one.images * one.images)
        let perPixelPair = block / pairs / program.pixelPairsPerPair
        NTKBench.report([
          "case": one.name, "precision": precision.rawValue,
          "us_per_entry": block / pairs * 1e6, "edge_us_per_image": edge / Double(one.images) * 1e6,
          "pixel_pairs": program.pixelPairsPerPair,
          "ns_per_pixel_pair_and_layer": perPixelPair * 1e9,
          "fraction_of_peak": operations(one.activation, precision) / perPixelPair / peak,
        ])
      }
    }
  }

  private static func seconds(
    _ program: Program, _ n: Int, _ precision: Precision
  ) throws -> (edge: Double, block: Double) {
    let recursion = TileRecursion(program, precision: precision)
    let images = BlockBenchmark.standardNormal(2 * n * 3072)
    let kernels = UnsafeMutablePointer<Double>.allocate(capacity: 2 * n * n)
    defer { kernels.deallocate() }
    let output = KernelOutput(nngp: kernels, ntk: kernels + n * n, stride: n)
    return try images.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return (.nan, .nan) }
      func edge(_ first: Int) throws -> TileEdge {
        try recursion.edge(
          variances: [Double](repeating: 1, count: n),
          pixels: PixelImages(base: base + first * 3072, count: n, shape: [32, 32, 3]))
      }
      let (rows, columns) = (try edge(0), try edge(n))
      let ofEdge = try NTKBench.best(of: 3) { _ = try edge(0) }
      let ofBlock = NTKBench.best(of: 3) {
        _ = recursion.evaluatePixels(
          rows: rows, columns: columns, lowerTriangle: false, outputs: [output]
        ) { true }
      }
      return (ofEdge, ofBlock)
    }
  }
}
