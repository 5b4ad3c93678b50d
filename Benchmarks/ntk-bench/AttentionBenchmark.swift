import BLAS
import KernelTiles
import RecursionCore

/// Attention over 64 and 256 pixels on one core: the time that a layer adds to a pair of images, as
/// floating-point operations of its four matrix products per second. For comparison, those of large
/// products by BLAS.
enum AttentionBenchmark {
  private static let depths = (few: 1, many: 5)

  static func run(only: String) throws {
    OpenBLAS.setThreads(1)
    for precision in Precision.allCases {
      let peak = productsPerSecond(precision)
      for (size, images) in [(8, 32), (16, 8)] where only.isEmpty || "\(size * size)".contains(only)
      {
        let few = try seconds(size, images, depths.few, precision)
        let many = try seconds(size, images, depths.many, precision)
        let perLayer = (many - few) / Double(depths.many - depths.few)
        let positions = Double(size * size)
        // G1 M, and the result times G2^T, for K and for Theta.
        let operations = 8 * positions * positions * positions
        NTKBench.report([
          "case": "attention-\(size * size)", "precision": precision.rawValue,
          "us_per_pair_and_layer": perLayer * 1e6, "gflops": operations / perLayer / 1e9,
          "blas_gflops": peak / 1e9, "fraction": operations / perLayer / peak,
        ])
      }
    }
  }

  /// Seconds for one pair of images.
  private static func seconds(
    _ size: Int, _ images: Int, _ depth: Int, _ precision: Precision
  ) throws -> Double {
    let layers =
      Networks.convolutional(depth: 1) + Networks.attention(depth: depth)
      + [Networks.globalPool, Networks.dense]
    let shape = [size, size, 3]
    let kernels = TileKernels(
      Program([try Network(layers, imageShape: shape)]), precision: precision)
    let values = BlockBenchmark.standardNormal(2 * images * shape.reduce(1, *))
    var results = [Double](repeating: 0, count: 2 * images * images)
    let best = try values.withUnsafeBufferPointer { values in
      try results.withUnsafeMutableBufferPointer { results in
        guard let base = values.baseAddress, let nngp = results.baseAddress else { return 0.0 }
        let all = Images(base: base, count: 2 * images, shape: shape)
        let tile = TileKernels.Tile(
          rows: all.slice(0..<images), columns: all.slice(images..<2 * images), isDiagonal: false)
        return try NTKBench.best(of: 7) {
          _ = try kernels.compute(
            tile, outputs: [.init(nngp: nngp, ntk: nngp + images * images, stride: images)])
        }
      }
    }
    return best / Double(images * images)
  }

  /// Operations per second of products of matrices of order 1,024.
  private static func productsPerSecond(_ precision: Precision) -> Double {
    precision == .f64
      ? products(of: Double.self) { dgemm($0, $1, $2, $3) }
      : products(of: Float.self) { sgemm($0, $1, $2, $3) }
  }

  private static func products<Scalar: BinaryFloatingPoint>(
    of: Scalar.Type,
    _ multiply: (
      Int, UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>
    ) -> Void
  ) -> Double {
    let n = 1024
    let (a, b) = ([Scalar](repeating: 1, count: n * n), [Scalar](repeating: 0.5, count: n * n))
    var c = [Scalar](repeating: 0, count: n * n)
    let seconds = NTKBench.best(of: 7) { multiply(n, a, b, &c) }
    return 2 * Double(n * n * n) / seconds
  }

  private static func dgemm(
    _ n: Int, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
    _ c: UnsafeMutablePointer<Double>
  ) {
    BLAS.dgemm(
      .none, .none, m: n, n: n, k: n, alpha: 1, a, lda: n, b, ldb: n, c, ldc: n)
  }

  private static func sgemm(
    _ n: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>
  ) {
    BLAS.sgemm(
      .none, .none, m: n, n: n, k: n, alpha: 1, a, lda: n, b, ldb: n, c, ldc: n)
  }
}
